// The application's own C++ sources, which are compiled into the binding.
import kernels from "./native/kernels.cc?raw";
import quiet from "./native/quiet.cc?raw";

/** Text of each file by its name. */
export const NATIVE_SOURCES: Readonly<Record<string, string>> = { "kernels.cc": kernels, "quiet.cc": quiet };
