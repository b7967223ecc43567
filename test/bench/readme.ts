import { readFile, writeFile } from 'node:fs/promises'

const readme = new URL('../../bench/README.md', import.meta.url)

/** Puts a text between the marks of its section, `<!-- id -->` and `<!-- /id -->`, and leaves the rest as it is. */
export async function writeSection(id: string, text: string): Promise<void> {
  const page = await readFile(readme, 'utf8')
  const [opening, closing] = [`<!-- ${id} -->`, `<!-- /${id} -->`]
  const [start, end] = [page.indexOf(opening), page.indexOf(closing)]
  if (start === -1 || end < start) throw new Error(`README.md has no marks for the section ${id}`)
  await writeFile(readme, `${page.slice(0, start + opening.length)}\n\n${text}\n\n${page.slice(end)}`)
}
