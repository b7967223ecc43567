import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createRedisReplayStore, createRedisRevocationList } from '@behalf/redis'
import { Redis } from 'ioredis'
import { beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { describeWith } from '../support/services.js'
import { now, of } from './lists.js'
import { program, type RedisServer, startRedis } from './server.js'

const readme = readFileSync(new URL('../../packages/redis/README.md', import.meta.url), 'utf8')
const fences = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], i) => ({
  name: `fence-${i + 1}`,
  code,
}))
const source = join(import.meta.dirname, '../../packages/redis/src')
const folder = join(import.meta.dirname, '.cache')
const writeFence = (name: string, code: string) => writeFileSync(join(folder, `${name}.ts`), code)

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const { name, code } of fences) writeFence(name, code)
  const compilerOptions = { noEmit: true, composite: false, incremental: false }
  const config = { extends: '../../../tsconfig.base.json', compilerOptions, include: ['fence-*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
})

it('the README compiles', async () => {
  const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch((error: unknown) => ({
    stdout: error instanceof Error && 'stdout' in error ? error.stdout : String(error),
  }))
  expect(stdout).toBe('')
})

describeWith('redis-server', program !== undefined, 'the README of the package for Redis', () => {
  const start = async (): Promise<RedisServer> => {
    const server = await startRedis()
    onTestFinished(server.close)
    return server
  }

  it.each(fences)('runs: $name', async ({ name, code }) => {
    const { port } = await start()
    writeFence(`run-${name}`, code.replaceAll('127.0.0.1:6379', `127.0.0.1:${port}`))
    await import(join(folder, `run-${name}.ts`))
  })

  it('names every right that a user needs, and no other', async () => {
    const [line = ''] = /^ACL SETUSER .*$/m.exec(readme) ?? []
    const [, , , ...rules] = line.split(' ')
    const rights = rules.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1).toUpperCase())
    const { port } = await start()
    const admin = new Redis({ port })
    onTestFinished(() => admin.disconnect())
    await admin.call('ACL', 'SETUSER', 'api', ...rules)
    const connect = async () => {
      const client = new Redis({ port, username: 'api', password: 'secret', enableReadyCheck: false })
      onTestFinished(() => client.disconnect())
      client.on('error', () => {})
      await once(client, 'ready')
      return client
    }
    const [client, subscriber] = await Promise.all([connect(), connect()])
    expect(await createRedisReplayStore({ client }).reserve('dpop:a', now() + 60)).toBe(true)
    const list = createRedisRevocationList({ client, subscriber })
    onTestFinished(() => list.close())
    await list.ready()
    await list.revoke(of('user-1'))
    await vi.waitFor(async () => {
      expect(await admin.call('PUBSUB', 'NUMSUB', '{behalf:revocations:}changes')).toEqual([expect.anything(), 1])
    })

    const sources = readdirSync(source).map((name) => readFileSync(join(source, name), 'utf8'))
    const commands = sources.flatMap((text) =>
      [...text.matchAll(/(?:redis\.call|send)\('([A-Z]+)'/g)].map(([, name]) => name),
    )
    expect(new Set(rights)).toEqual(new Set([...commands, 'SUBSCRIBE', 'UNSUBSCRIBE']))
  })
})
