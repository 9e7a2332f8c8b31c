// The TensorFlow that is used: which published wheel holds it for each platform, pinned by SHA-256.

/** The TensorFlow release that this application is tested with. */
export const TENSORFLOW_VERSION = "2.20.0";

/** What the runtime is made from: a published build for the processor or for NVIDIA GPUs, or the user's own Python environment. */
export type Variant = "cpu" | "gpu" | "external";

/** One file of the Python package index. */
export interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly sha256: string;
  readonly megabytes: number;
}

/** The files that make up one runtime. pip is told the platform outright, so any local Python can fetch them. */
export interface WheelSet {
  readonly pipPlatforms: readonly string[];
  readonly tensorflow: Wheel;
  /** CUDA libraries, unpacked beside TensorFlow, where its own search path looks. */
  readonly cuda: readonly Wheel[];
}

const LINUX_X64 = ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_12_x86_64", "manylinux_2_27_x86_64"] as const;

const CUDA: readonly Wheel[] = [
  ["nvidia-cublas-cu12", "12.9.3.13", 581, "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72"],
  ["nvidia-cuda-cupti-cu12", "12.8.90", 10, "ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182"],
  ["nvidia-cuda-nvcc-cu12", "12.9.86", 41, "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0"],
  ["nvidia-cuda-nvrtc-cu12", "12.9.86", 90, "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4"],
  ["nvidia-cuda-runtime-cu12", "12.9.79", 3, "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3"],
  ["nvidia-cudnn-cu12", "9.28.0.42", 717, "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375"],
  ["nvidia-cufft-cu12", "11.4.1.4", 201, "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28"],
  ["nvidia-curand-cu12", "10.3.10.19", 68, "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e"],
  ["nvidia-cusolver-cu12", "11.7.5.82", 338, "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88"],
  ["nvidia-cusparse-cu12", "12.5.10.65", 366, "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78"],
  ["nvidia-nccl-cu12", "2.32.3", 352, "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c"],
  ["nvidia-nvjitlink-cu12", "12.9.86", 40, "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9"],
].map(([project, version, megabytes, sha256]) => ({ project, version, megabytes, sha256 }) as Wheel);

const WHEELS: Readonly<Record<string, WheelSet>> = {
  "cpu-linux-x64": {
    pipPlatforms: LINUX_X64,
    tensorflow: tensorflow("tensorflow-cpu", 259, "c7a9224185818094ed95c4e114d3efe77241db35fbf0b75251fb2bf6222dd6a7"),
    cuda: [],
  },
  "gpu-linux-x64": {
    pipPlatforms: LINUX_X64,
    tensorflow: tensorflow("tensorflow", 621, "25265b0bc527e0d54b1e9cc60c44a24f44a809fe27666b905f0466471f9c52ec"),
    cuda: CUDA,
  },
  "cpu-linux-arm64": {
    pipPlatforms: ["manylinux_2_17_aarch64", "manylinux2014_aarch64"],
    tensorflow: tensorflow("tensorflow", 260, "2bfbfb3dd0e22bffc45fe1e922390d27753e99261fab8a882e802cf98a0e078f"),
    cuda: [],
  },
  "cpu-darwin-arm64": {
    pipPlatforms: ["macosx_12_0_arm64"],
    tensorflow: tensorflow("tensorflow", 201, "52b122f0232fd7ab10f28d537ce08470d0b6dcac7fff9685432daac7f8a06c8f"),
    cuda: [],
  },
};

function tensorflow(project: string, megabytes: number, sha256: string): Wheel {
  return { project, version: TENSORFLOW_VERSION, megabytes, sha256 };
}

/**
 * The files to fetch for a machine.
 * @param platform as `process.platform`-`process.arch`
 * @returns undefined where TensorFlow publishes no build that can be used
 */
export function wheelsFor(variant: Variant, platform: string): WheelSet | undefined {
  return WHEELS[`${variant}-${platform}`];
}
