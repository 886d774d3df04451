/** `a.b` and `a/b` are one module: it has one name in lists and figures. */
export function canonicalModule(name: string): string {
  return name.replaceAll('.', '/')
}
