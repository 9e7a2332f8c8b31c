// XML documents: values stay text ("04.00" is no number), prefixes of namespaces are dropped, documents that define entities are refused.
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { readWhole } from "../../files/byte-source.ts";

/** A granule's metadata has 0.6 MB, a cloud mask of thousands of outlines 10 MB. */
const MAXIMUM_XML_BYTES = 32 * 1024 * 1024;
/** Tags, and as many attributes: each takes about 300 bytes once it is read. A granule's metadata has 10,000. */
const MAXIMUM_TAGS = 400_000;
/** Elements in each other; Sentinel-2's metadata has 8. */
const MAXIMUM_DEPTH = 64;

const TEXT = "#text";
const ATTRIBUTE = "@";

/** An element of a document. */
export class XmlElement {
  readonly name: string;
  private readonly value: unknown;

  /** @param value as fast-xml-parser gives it: a text, or an object of children, attributes and text */
  constructor(name: string, value: unknown) {
    this.name = name;
    this.value = value;
  }

  /** Its text without the white space around it; empty when it holds elements only. */
  get text(): string {
    const text = typeof this.value === "string" ? this.value : this.own(TEXT);
    return typeof text === "string" ? text : "";
  }

  attribute(name: string): string | null {
    const value = this.own(ATTRIBUTE + name);
    return typeof value === "string" ? value : null;
  }

  /** The elements in it, those of one name together. */
  *children(): Generator<XmlElement> {
    if (typeof this.value !== "object" || this.value === null) return;
    for (const [name, value] of Object.entries(this.value)) {
      if (name === TEXT || name.startsWith(ATTRIBUTE)) continue;
      for (const one of Array.isArray(value) ? value : [value]) yield new XmlElement(name, one);
    }
  }

  /** All elements below it that have one of the names, at any depth; not those within a match. */
  *findAll(...names: readonly string[]): Generator<XmlElement> {
    for (const child of this.children()) {
      if (names.includes(child.name)) yield child;
      else yield* child.findAll(...names);
    }
  }

  /** The first element below it that has one of the names, at any depth. */
  find(...names: readonly string[]): XmlElement | null {
    for (const found of this.findAll(...names)) return found;
    return null;
  }

  /** The text of the first element below it that has one of the names; null when there is none, or it is empty. */
  textOf(...names: readonly string[]): string | null {
    return this.find(...names)?.text || null;
  }

  /** As `textOf`, as a number; null, too, when it is none. */
  numberOf(...names: readonly string[]): number | null {
    return numberIn(this.textOf(...names));
  }

  private own(key: string): unknown {
    return typeof this.value === "object" && this.value !== null ? (this.value as Readonly<Record<string, unknown>>)[key] : undefined;
  }
}

/** A finite number in decimal notation. */
export function numberIn(text: string | null): number | null {
  return text !== null && /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?\s*$/i.test(text) ? Number(text) : null;
}

/**
 * Reads a document.
 * @returns its root
 * @throws AppError NOT_FOUND, NO_ACCESS; BAD_FILE when it is no whole document, or larger than 32 MB; UNSUPPORTED when it defines entities
 */
export function readXml(path: string): XmlElement {
  return parseXml(readWhole(path, MAXIMUM_XML_BYTES).toString("utf8"), path);
}

/** As `readXml`, from text that is at hand. */
export function parseXml(text: string, path: string): XmlElement {
  const broken = (what: string, cause?: unknown) =>
    new AppError("BAD_FILE", `${path} is no whole XML document: ${what.slice(0, 200)}. Copy or download it again.`, {
      data: { path },
      cause,
    });
  if (/<!(DOCTYPE|ENTITY)/i.test(text))
    throw new AppError("UNSUPPORTED", `${path} defines a document type, as Sentinel-2's metadata never does. Copy or download it again.`, {
      data: { path },
    });
  for (const sign of ["<", "="])
    if (countOf(text, sign) > MAXIMUM_TAGS) throw broken(`it has more than ${MAXIMUM_TAGS} tags or attributes`);
  let document: unknown;
  try {
    // The parser itself takes what is cut short or crossed.
    const verdict = XMLValidator.validate(text);
    if (verdict !== true) throw broken(`${verdict.err.msg} (line ${verdict.err.line})`);
    document = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: ATTRIBUTE,
      textNodeName: TEXT,
      parseTagValue: false,
      parseAttributeValue: false,
      removeNSPrefix: true,
      ignoreDeclaration: true,
      ignorePiTags: true,
      maxNestedTags: MAXIMUM_DEPTH,
    }).parse(text);
  } catch (error) {
    throw error instanceof AppError ? error : broken(messageOf(error), error);
  }
  const roots = [...new XmlElement("", document).children()];
  if (roots.length !== 1) throw broken(`it has ${roots.length} elements at its top`);
  return roots[0]!;
}

function countOf(text: string, sign: string): number {
  let count = 0;
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) count++;
  return count;
}
