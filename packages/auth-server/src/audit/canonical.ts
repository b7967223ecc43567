/** Plain JSON: what a text can be parsed to. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject

/** Members that are undefined are not there. */
export interface JsonObject {
  readonly [name: string]: Json | undefined
}

/**
 * The one text of a JSON value (RFC 8785): members in order of their UTF-16 names, no white space, strings and numbers as
 * ECMAScript writes them. Members that are undefined are left out.
 */
export function canonicalText(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonicalText).join(',')}]`
  const members: string[] = []
  for (const name of Object.keys(value).sort()) {
    const member = value[name]
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${canonicalText(member)}`)
  }
  return `{${members.join(',')}}`
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value)
}
