/** Statements that are prepared on a connection at most: the server has a few hundred, all constant text. */
const most = 1_000

/** Names for statements that are worth preparing: the same for the same text; undefined once there are too many. */
export function createStatementNames(): (text: string) => string | undefined {
  const names = new Map<string, string>()
  return (text) => {
    const known = names.get(text)
    if (known !== undefined || names.size >= most) return known
    const name = `b${names.size}`
    names.set(text, name)
    return name
  }
}
