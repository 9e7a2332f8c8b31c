// Python's pickles, read without running anything: a call gives what the caller makes of it, and every other object is opaque.
// Protocols 2 and 3, as far as `torch.save` uses them (2 is its default). See CPython's Lib/pickletools.py.

/** A class or function that the pickle names; never looked up. */
export class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** An object that was not made: what is stored into it is forgotten. */
export const OPAQUE = Symbol("opaque");

export interface Unpickling {
  /** The result of a call of a global, e.g. "collections.OrderedDict"; OPAQUE when it is not to be made. */
  call(name: string, args: readonly unknown[]): unknown;
  /** What a persistent id stands for. */
  persistent(id: unknown): unknown;
}

/**
 * The pickled value: dicts as Map, lists and tuples as arrays, ints as numbers.
 * @throws a RangeError when the bytes end early, are out of order, or hold an operation of another protocol
 */
export function unpickle(bytes: Uint8Array, { call, persistent }: Unpickling): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const memo = new Map<number, unknown>();
  const marks: number[] = [];
  const stack: unknown[] = [];
  let at = 0;

  /** Where the next value of so many bytes starts; what lies beyond the end is a RangeError of the view. */
  const step = (count: number): number => {
    at += count;
    return at - count;
  };
  const u8 = () => view.getUint8(step(1));
  const u16 = () => view.getUint16(step(2), true);
  const u32 = () => view.getUint32(step(4), true);
  const take = (count: number): Uint8Array => {
    if (at + count > bytes.length) throw new RangeError("its pickle ends early");
    return bytes.subarray(step(count), at);
  };
  const text = (count: number) => new TextDecoder().decode(take(count));
  const line = () => {
    const end = bytes.indexOf(10, at);
    const value = text((end < 0 ? bytes.length : end) - at);
    at++;
    return value;
  };
  const pop = (): unknown => {
    if (stack.length <= (marks.at(-1) ?? 0)) throw new RangeError("its pickle takes what is not there");
    return stack.pop();
  };
  const popMarked = (): unknown[] => {
    const mark = marks.pop();
    if (mark === undefined) throw new RangeError("its pickle has no mark");
    return stack.splice(mark);
  };
  const top = (): unknown => stack.at(-1);
  const setItems = (items: readonly unknown[]) => {
    const target = top();
    if (target instanceof Map) for (let i = 0; i + 1 < items.length; i += 2) target.set(items[i], items[i + 1]);
  };
  const append = (items: readonly unknown[]) => {
    const target = top();
    if (Array.isArray(target)) for (const item of items) target.push(item);
  };
  const tuple = (count: number) => {
    const items = Array.from({ length: count }, pop);
    stack.push(items.reverse());
  };
  /** A little-endian two's complement integer of any length. */
  const integer = (digits: Uint8Array): number => {
    let value = 0n;
    for (let i = digits.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i]!);
    return Number(BigInt.asIntN(8 * digits.length, value));
  };

  for (;;) {
    const operation = u8();
    switch (operation) {
      case 0x80: // PROTO
        at++;
        break;
      case 0x2e: // STOP
        return pop();
      case 0x28: // MARK
        marks.push(stack.length);
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push(operation === 0x88);
        break;
      case 0x4b: // BININT1
        stack.push(u8());
        break;
      case 0x4d: // BININT2
        stack.push(u16());
        break;
      case 0x4a: // BININT
        stack.push(u32() | 0);
        break;
      case 0x8a: // LONG1
        stack.push(integer(take(u8())));
        break;
      case 0x47: // BINFLOAT, big-endian
        stack.push(view.getFloat64(step(8), false));
        break;
      case 0x55: // SHORT_BINSTRING
        stack.push(text(u8()));
        break;
      case 0x54: // BINSTRING
      case 0x58: // BINUNICODE
        stack.push(text(u32()));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(take(u8()));
        break;
      case 0x42: // BINBYTES
        stack.push(take(u32()));
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        break;
      case 0x74: // TUPLE
        stack.push(popMarked());
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        tuple(operation - 0x84);
        break;
      case 0x61: // APPEND
        append([pop()]);
        break;
      case 0x65: // APPENDS
        append(popMarked());
        break;
      case 0x73: // SETITEM
        setItems([pop(), pop()].reverse());
        break;
      case 0x75: // SETITEMS
        setItems(popMarked());
        break;
      case 0x71: // BINPUT
        memo.set(u8(), top());
        break;
      case 0x72: // LONG_BINPUT
        memo.set(u32(), top());
        break;
      case 0x68: // BINGET
        stack.push(memo.get(u8()));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(memo.get(u32()));
        break;
      case 0x63: // GLOBAL
        stack.push(new Global(`${line()}.${line()}`));
        break;
      case 0x51: // BINPERSID
        stack.push(persistent(pop()));
        break;
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [args, callee] = [pop(), pop()];
        stack.push(callee instanceof Global && Array.isArray(args) ? call(callee.name, args) : OPAQUE);
        break;
      }
      case 0x62: // BUILD: an object's own attributes
        pop();
        break;
      default:
        throw new RangeError(`its pickle has the operation 0x${operation.toString(16)} at byte ${at - 1}, which is not of protocol 2 or 3`);
    }
  }
}
