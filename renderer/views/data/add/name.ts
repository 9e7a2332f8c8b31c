/** A name for a data set that its folder suggests. */
export function nameFor(folder: string): string {
  const base = folder.split(/[\\/]/).filter(Boolean).at(-1) ?? "";
  const name = base
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 64);
  return name === "" ? "tiles" : name;
}
