import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below what systems give away to connections and to those who ask for any port. */
const [first, last] = [20_000, 32_000] as const

/** Ports of loopback, all different, that are free and that nobody is given by chance meanwhile. */
export async function findPorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = first + Math.floor(Math.random() * (last - first))
    if (await isFree(port)) found.add(port)
  }
  return [...found]
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
