// What is used of the OpenJPEG build (it comes without types).
declare module "@cornerstonejs/codec-openjpeg/decodewasmjs" {
  export interface FrameInfo {
    width: number;
    height: number;
    bitsPerSample: number;
    componentCount: number;
    isSigned: boolean;
  }

  export interface OpenJpegDecoder {
    /** A view of the WASM heap, valid until the heap grows. */
    getEncodedBuffer(length: number): Uint8Array;
    /** Never fails on broken data: what went wrong is only printed. Throws a pointer (a number) for what the build can't hold. */
    decode(): void;
    getFrameInfo(): FrameInfo;
    /** A copy of the samples, components side by side, of 1 or 2 bytes. */
    getDecodedBuffer(): Uint8ClampedArray<ArrayBuffer>;
    delete(): void;
  }

  export interface OpenJpeg {
    readonly HEAPU8: Uint8Array;
    readonly J2KDecoder: new () => OpenJpegDecoder;
  }

  export default function openJpeg(options: { print(line: string): void; printErr(line: string): void }): Promise<OpenJpeg>;
}
