// The training step's own operations on the processor, compiled into the binding. TensorFlow's kernels widen every bfloat16 to float32, one pass
// over memory an operation; here a rectifier looks at bits only, a sum is one pass with the rectifier that follows it, and a step of Adam takes
// gradients as they are. compiled/own-kernels.ts puts them into recorded graphs.
#include <cmath>
#include <cstdint>
#include <cstring>

#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/resource_mgr.h"
#include "tensorflow/core/framework/resource_var.h"
#include "tensorflow/core/util/work_sharder.h"

// A version of each loop for every generation of vector units, chosen when the library is loaded.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VECTORISED
#endif
// An element is written only after it has been read, so results may lie where inputs lay.
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace simclr_s2 {

using tensorflow::bfloat16;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::InvalidArgument;

inline float Widen(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

/** To the nearest, ties to even; NaN stays NaN. */
inline uint16_t Round(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return static_cast<uint16_t>((bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded);
}

/** bfloat16 is positive where its bits are, read as a signed number; a NaN counts by its sign. */
inline bool IsPositive(uint16_t bits) { return static_cast<int16_t>(bits) > 0; }

/** max(x, 0); NaN stays NaN. */
inline uint16_t Rectify(uint16_t bits) { return IsPositive(bits) || (bits & 0x7fff) > 0x7f80 ? bits : 0; }

VECTORISED void Relu(const uint16_t* x, uint16_t* y, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) y[i] = Rectify(x[i]);
}

VECTORISED void ReluGrad(const uint16_t* dy, const uint16_t* y, uint16_t* dx, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    const uint16_t slope = dy[i];  // read whatever y is: the loop has no branch then
    dx[i] = IsPositive(y[i]) ? slope : 0;
  }
}

VECTORISED void AddRelu(const uint16_t* a, const uint16_t* b, uint16_t* y, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) y[i] = Rectify(Round(Widen(a[i]) + Widen(b[i])));
}

VECTORISED void AddRelu(const float* a, const float* b, float* y, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    const float sum = a[i] + b[i];
    y[i] = sum < 0 ? 0 : sum;
  }
}

VECTORISED void AddReluGrad(const uint16_t* a, const uint16_t* b, const uint16_t* y, uint16_t* dx, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    const uint16_t slope = Round(Widen(a[i]) + Widen(b[i]));
    dx[i] = IsPositive(y[i]) ? slope : 0;
  }
}

VECTORISED void AddReluGrad(const float* a, const float* b, const float* y, float* dx, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    const float slope = a[i] + b[i];
    dx[i] = y[i] > 0 ? slope : 0;
  }
}

VECTORISED void Narrow(const float* x, uint16_t* y, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) y[i] = Round(x[i]);
}

VECTORISED void Widen(const uint16_t* x, float* y, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) y[i] = Widen(x[i]);
}

/** Adam's numbers for one step. */
struct AdamStep {
  float rate;
  float beta1;
  float beta2;
  float epsilon;
};

VECTORISED void Adam(float* value, float* first, float* second, const uint16_t* gradient, AdamStep step, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    const float g = Widen(gradient[i]);
    first[i] += (g - first[i]) * (1 - step.beta1);
    second[i] += (g * g - second[i]) * (1 - step.beta2);
    value[i] -= step.rate * first[i] / (std::sqrt(second[i]) + step.epsilon);
  }
}

/** The elements as the loops take them: bfloat16 as bits. */
template <typename T>
struct Elements {
  using Type = T;
};
template <>
struct Elements<bfloat16> {
  using Type = uint16_t;
};

template <typename T>
const typename Elements<T>::Type* In(const Tensor& tensor) {
  return reinterpret_cast<const typename Elements<T>::Type*>(tensor.flat<T>().data());
}

template <typename T>
typename Elements<T>::Type* Out(Tensor* tensor) {
  return reinterpret_cast<typename Elements<T>::Type*>(tensor->flat<T>().data());
}

/** Runs `body(from, to)` over `n` elements that take about `cost` cycles each, on the device's threads. */
template <typename Body>
void ForAll(OpKernelContext* context, int64_t n, int64_t cost, const Body& body) {
  const auto& threads = *context->device()->tensorflow_cpu_worker_threads();
  tensorflow::Shard(threads.num_threads, threads.workers, n, cost, body);
}

bool HaveOneShape(OpKernelContext* context) {
  for (int i = 1; i < context->num_inputs(); i++)
    if (context->input(i).shape() != context->input(0).shape()) return false;
  return true;
}

/** An operation whose inputs and result have one shape; where an input is not needed further, the result takes its place. */
template <typename Body>
void Elementwise(OpKernelContext* context, const Body& body) {
  OP_REQUIRES(context, HaveOneShape(context), InvalidArgument("The inputs' shapes differ"));
  Tensor* result = nullptr;
  const TensorShape& shape = context->input(0).shape();
  if (context->num_inputs() > 1)
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0, 1}, 0, shape, &result));
  else
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, shape, &result));
  body(result, shape.num_elements());
}

class ReluOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    Elementwise(context, [&](Tensor* result, int64_t n) {
      const uint16_t* x = In<bfloat16>(context->input(0));
      uint16_t* y = Out<bfloat16>(result);
      ForAll(context, n, 1, [=](int64_t from, int64_t to) { Relu(x + from, y + from, to - from); });
    });
  }
};

class ReluGradOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    Elementwise(context, [&](Tensor* result, int64_t n) {
      const uint16_t* dy = In<bfloat16>(context->input(0));
      const uint16_t* y = In<bfloat16>(context->input(1));
      uint16_t* dx = Out<bfloat16>(result);
      ForAll(context, n, 1, [=](int64_t from, int64_t to) { ReluGrad(dy + from, y + from, dx + from, to - from); });
    });
  }
};

template <typename T>
class AddReluOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    Elementwise(context, [&](Tensor* result, int64_t n) {
      const auto* a = In<T>(context->input(0));
      const auto* b = In<T>(context->input(1));
      auto* y = Out<T>(result);
      ForAll(context, n, 1, [=](int64_t from, int64_t to) { AddRelu(a + from, b + from, y + from, to - from); });
    });
  }
};

template <typename T>
class AddReluGradOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    Elementwise(context, [&](Tensor* result, int64_t n) {
      const auto* a = In<T>(context->input(0));
      const auto* b = In<T>(context->input(1));
      const auto* y = In<T>(context->input(2));
      auto* dx = Out<T>(result);
      ForAll(context, n, 1, [=](int64_t from, int64_t to) { AddReluGrad(a + from, b + from, y + from, dx + from, to - from); });
    });
  }
};

template <typename From, typename To, void Convert(const typename Elements<From>::Type*, typename Elements<To>::Type*, int64_t)>
class CastOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    Tensor* result = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, context->input(0).shape(), &result));
    const auto* x = In<From>(context->input(0));
    auto* y = Out<To>(result);
    ForAll(context, result->NumElements(), 1, [=](int64_t from, int64_t to) { Convert(x + from, y + from, to - from); });
  }
};

/** The pixels that each place of a filter sees, one place after another: [N, H, W, C] -> [N, rows, columns, height width C]; 0 beyond the edges. */
class PatchesOp : public OpKernel {
 public:
  explicit PatchesOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("result", &result_));
    OP_REQUIRES_OK(context, context->GetAttr("filter", &filter_));
    OP_REQUIRES_OK(context, context->GetAttr("strides", &strides_));
    OP_REQUIRES_OK(context, context->GetAttr("before", &before_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor& input = context->input(0);
    const int64_t height = input.dim_size(1), width = input.dim_size(2), channels = input.dim_size(3);
    const int64_t rows = result_[0], columns = result_[1], filter_height = filter_[0], filter_width = filter_[1];
    Tensor* result = nullptr;
    const TensorShape shape({input.dim_size(0), rows, columns, filter_height * filter_width * channels});
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &result));
    const uint16_t* in = In<bfloat16>(input);
    uint16_t* out = Out<bfloat16>(result);
    const int64_t stride_y = strides_[0], stride_x = strides_[1], top = before_[0], left = before_[1];
    // A unit of work is the patches of one row of the result.
    ForAll(context, input.dim_size(0) * rows, columns * shape.dim_size(3), [=](int64_t from, int64_t to) {
      for (int64_t unit = from; unit < to; unit++) {
        const uint16_t* image = in + unit / rows * height * width * channels;
        uint16_t* at = out + unit * columns * filter_height * filter_width * channels;
        for (int64_t column = 0; column < columns; column++)
          for (int64_t v = 0; v < filter_height; v++)
            for (int64_t u = 0; u < filter_width; u++, at += channels) {
              const int64_t y = unit % rows * stride_y - top + v, x = column * stride_x - left + u;
              if (y < 0 || y >= height || x < 0 || x >= width)
                std::memset(at, 0, channels * sizeof *at);
              else
                std::memcpy(at, image + (y * width + x) * channels, channels * sizeof *at);
            }
      }
    });
  }

 private:
  std::vector<int> result_, filter_, strides_, before_;
};

/** Gives a variable memory of its own where something that was read of it still shares it. */
tensorflow::Status MakeOwn(OpKernelContext* context, Tensor* tensor) {
  if (tensor->RefCountIsOne()) return tensorflow::OkStatus();
  Tensor copy;
  TF_RETURN_IF_ERROR(context->allocate_temp(tensor->dtype(), tensor->shape(), &copy));
  std::memcpy(copy.flat<float>().data(), tensor->flat<float>().data(), tensor->NumElements() * sizeof(float));
  *tensor = copy;
  return tensorflow::OkStatus();
}

/** A step of Adam as TensorFlow's ResourceApplyAdam with both powers 0, of a gradient in bfloat16. */
class ApplyAdamOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    tensorflow::core::RefCountPtr<tensorflow::Var> variables[3];
    for (int i = 0; i < 3; i++)
      OP_REQUIRES_OK(context, tensorflow::LookupResource(context, tensorflow::HandleFromInput(context, i), &variables[i]));
    tensorflow::mutex_lock value_lock(*variables[0]->mu());
    tensorflow::mutex_lock first_lock(*variables[1]->mu());
    tensorflow::mutex_lock second_lock(*variables[2]->mu());
    const Tensor& gradient = context->input(7);
    for (auto& variable : variables) {
      OP_REQUIRES(context, variable->tensor()->shape() == gradient.shape(), InvalidArgument("The gradient's shape is not the variables'"));
      OP_REQUIRES_OK(context, MakeOwn(context, variable->tensor()));
    }
    const auto scalar = [&](int input) { return context->input(input).scalar<float>()(); };
    const AdamStep step{scalar(3), scalar(4), scalar(5), scalar(6)};
    float* value = Out<float>(variables[0]->tensor());
    float* first = Out<float>(variables[1]->tensor());
    float* second = Out<float>(variables[2]->tensor());
    const uint16_t* g = In<bfloat16>(gradient);
    ForAll(context, gradient.NumElements(), 5, [=](int64_t from, int64_t to) {
      Adam(value + from, first + from, second + from, g + from, step, to - from);
    });
  }
};

using tensorflow::DEVICE_CPU;
using tensorflow::shape_inference::UnchangedShape;
using tensorflow::shape_inference::UnknownShape;

REGISTER_OP("S2Relu").Input("x: bfloat16").Output("y: bfloat16").SetShapeFn(UnchangedShape);
REGISTER_OP("S2ReluGrad").Input("dy: bfloat16").Input("y: bfloat16").Output("dx: bfloat16").SetShapeFn(UnchangedShape);
REGISTER_OP("S2AddRelu").Input("a: T").Input("b: T").Output("y: T").Attr("T: {bfloat16, float}").SetShapeFn(UnchangedShape);
REGISTER_OP("S2AddReluGrad").Input("a: T").Input("b: T").Input("y: T").Output("dx: T").Attr("T: {bfloat16, float}").SetShapeFn(UnchangedShape);
REGISTER_OP("S2Narrow").Input("x: float").Output("y: bfloat16").SetShapeFn(UnchangedShape);
REGISTER_OP("S2Widen").Input("x: bfloat16").Output("y: float").SetShapeFn(UnchangedShape);
REGISTER_OP("S2Patches")
    .Input("x: bfloat16")
    .Output("patches: bfloat16")
    .Attr("result: list(int)")
    .Attr("filter: list(int)")
    .Attr("strides: list(int)")
    .Attr("before: list(int)")
    .SetShapeFn(UnknownShape);
REGISTER_OP("S2ApplyAdam")
    .Input("value: resource")
    .Input("first: resource")
    .Input("second: resource")
    .Input("rate: float")
    .Input("beta1: float")
    .Input("beta2: float")
    .Input("epsilon: float")
    .Input("gradient: bfloat16")
    .SetIsStateful()
    .SetShapeFn(tensorflow::shape_inference::NoOutputs);

REGISTER_KERNEL_BUILDER(Name("S2Relu").Device(DEVICE_CPU), ReluOp);
REGISTER_KERNEL_BUILDER(Name("S2ReluGrad").Device(DEVICE_CPU), ReluGradOp);
REGISTER_KERNEL_BUILDER(Name("S2AddRelu").Device(DEVICE_CPU).TypeConstraint<bfloat16>("T"), AddReluOp<bfloat16>);
REGISTER_KERNEL_BUILDER(Name("S2AddRelu").Device(DEVICE_CPU).TypeConstraint<float>("T"), AddReluOp<float>);
REGISTER_KERNEL_BUILDER(Name("S2AddReluGrad").Device(DEVICE_CPU).TypeConstraint<bfloat16>("T"), AddReluGradOp<bfloat16>);
REGISTER_KERNEL_BUILDER(Name("S2AddReluGrad").Device(DEVICE_CPU).TypeConstraint<float>("T"), AddReluGradOp<float>);
REGISTER_KERNEL_BUILDER(Name("S2Narrow").Device(DEVICE_CPU), CastOp<float, bfloat16, Narrow>);
REGISTER_KERNEL_BUILDER(Name("S2Widen").Device(DEVICE_CPU), CastOp<bfloat16, float, Widen>);
REGISTER_KERNEL_BUILDER(Name("S2Patches").Device(DEVICE_CPU), PatchesOp);
REGISTER_KERNEL_BUILDER(Name("S2ApplyAdam").Device(DEVICE_CPU), ApplyAdamOp);

}  // namespace simclr_s2
