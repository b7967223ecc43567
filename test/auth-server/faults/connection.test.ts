import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { openPostgres } from '../../../packages/auth-server/dist/database/postgres.js'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A message of the server (PostgreSQL protocol 3). */
function message(type: string, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const authenticated = message('R', Buffer.alloc(4))
const ready = message('Z', 'I')
const ended = message('E', 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0')

/** A database that greets every client with these bytes at once. */
async function greetingDatabase(...greeting: readonly Buffer[]) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write(Buffer.concat(greeting)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // what listens on a port has an AddressInfo
  const { port } = server.address() as AddressInfo
  const database = openPostgres(`postgres://a@127.0.0.1:${port}/b`, () => {})
  closing.push(
    () => database.close(),
    () => server.close(),
  )
  return database
}

test.each(['a statement', 'a transaction'])(
  'a connection that ends in the moment it begins fails %s, and nothing else',
  async (what) => {
    const database = await greetingDatabase(authenticated, ready, ended)
    const work = () => database.query('select 1')
    await expect(what === 'a statement' ? work() : database.transaction(work)).rejects.toThrow(/connection/u)
  },
)
