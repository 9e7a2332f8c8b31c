// TensorFlow tells warnings and errors only. It writes notices about its own graphs to standard error, into the progress line, and takes no
// setting for them from outside.
#include "absl/log/globals.h"

namespace {
const bool quiet = (absl::SetMinLogLevel(absl::LogSeverityAtLeast::kWarning), true);
}
