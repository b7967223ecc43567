import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpath, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { ConfigurationError } from '@behalf/core'

/**
 * Keeps a folder for this process, on this machine, until it is released or the process ends in whatever way: a lock file
 * would outlive one that is killed.
 *
 * @throws ConfigurationError when another process has it
 */
export async function lockFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const name = nameOf(await realpath(folder))
  const server = (await listen(name)) ?? ((await isAnswered(name)) ? undefined : await listenAgain(name))
  if (server === undefined) throw new ConfigurationError('database', `${folder} is in use by another process`)
  server.unref()
  return {
    release: async () => {
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** A name that the system forgets with its owner; where there are none, a socket in the folder of temporary files. */
function nameOf(folder: string): string {
  const name = `behalf-auth-server-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`
  if (process.platform === 'linux') return `\0${name}`
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name)
}

/** @returns undefined where the name is taken */
async function listen(name: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy())
  try {
    server.listen(name)
    await once(server, 'listening')
    return server
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined
    throw error
  }
}

/** Nobody is behind a socket that was left behind. */
async function listenAgain(name: string): Promise<Server | undefined> {
  if (!name.startsWith('\0')) await rm(name, { force: true })
  return listen(name)
}

async function isAnswered(name: string): Promise<boolean> {
  const socket = connect(name)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
