/** What Redis answers is looked over like anything else that comes from outside. */
export function readList(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw new TypeError('Redis answered with something else than a list')
  return answer
}

export function readText(answer: unknown): string {
  if (typeof answer !== 'string') throw new TypeError('Redis answered with something else than a text')
  return answer
}

/** Texts that come two by two, such as fields and their values. */
export function readPairs(answer: unknown): readonly (readonly [string, string])[] {
  const pairs: [string, string][] = []
  let first: string | undefined
  for (const text of readList(answer).map(readText)) {
    if (first !== undefined) pairs.push([first, text])
    first = first === undefined ? text : undefined
  }
  return pairs
}
