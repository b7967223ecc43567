import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { AccessError } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { NOW } from '../support/token.js'
import { type Reply, raw, sendJson } from './endpoint.js'
import { active, assertSecretFree, createScene, inScene, opaque, type SceneOptions } from './scene.js'

const json = { 'Content-Type': 'application/json' }
const timeout = 300

/** A response that nobody ends: the client has to give up. */
const later =
  (act: (response: ServerResponse) => void): Reply =>
  (_question, response) => {
    act(response)
    return undefined
  }

/** Everything an endpoint can do wrong, over a real socket. */
const faults: Readonly<Record<string, Reply>> = {
  'no answer': later(() => {}),
  'headers, then nothing': later((response) => response.writeHead(200, json).flushHeaders()),
  'half an answer, then nothing': later((response) => response.writeHead(200, json).write('{"active":')),
  'an answer drop by drop': later((response) => {
    response.writeHead(200, json)
    const timer = setInterval(() => response.write(' '), 20)
    response.once('close', () => clearInterval(timer))
  }),
  'an answer cut off': later((response) => {
    response.writeHead(200, { ...json, 'Content-Length': '100' }).write('{"active":true')
    setTimeout(() => response.destroy(), 10)
  }),
  'a closed connection': later((response) => response.destroy()),
  'status 500': raw(500, json, '{"active":true}'),
  'status 503': raw(503, json, '{"active":true}'),
  'status 400': raw(400, json, '{"error":"invalid_request"}'),
  'status 401': raw(401, { ...json, 'WWW-Authenticate': 'Basic realm="issuer"' }, '{"error":"invalid_client"}'),
  'status 403': raw(403, json, '{"active":true}'),
  'status 429': raw(429, json, '{"active":true}'),
  'status 204': raw(204, {}),
  'status 201': raw(201, json, '{"active":true}'),
  'an empty body': raw(200, json),
  'a web page': raw(200, { 'Content-Type': 'text/html' }, '<!doctype html><title>Sign in</title>'),
  'JSON that says it is a web page': raw(200, { 'Content-Type': 'text/html' }, JSON.stringify(active())),
  'JSON that says nothing of itself': raw(200, {}, JSON.stringify(active())),
  'a token where JSON was asked for': raw(200, { 'Content-Type': 'application/token-introspection+jwt' }, 'a.b.c'),
  'half of JSON': raw(200, json, '{"active":true'),
  'JSON with the token in the wrong place': raw(200, json, `${opaque} is active`),
  'invalid UTF-8': later((response) =>
    response
      .writeHead(200, json)
      .end(Buffer.concat([Buffer.from('{"active":true,"sub":"'), Buffer.from([0xff, 0x22, 0x7d])])),
  ),
  'a list': raw(200, json, '[{"active":true}]'),
  null: raw(200, json, 'null'),
  true: raw(200, json, 'true'),
  'too much': raw(200, json, `{"active":true,"padding":"${'x'.repeat(70_000)}"}`),
  'too much, compressed': later((response) =>
    response
      .writeHead(200, { ...json, 'Content-Encoding': 'gzip' })
      .end(gzipSync(JSON.stringify({ active: true, padding: 'x'.repeat(5_000_000) }))),
  ),
}

describe.each(Object.entries(faults))('%s', (_name, fault) => {
  test('is answered with 503 in time, and not remembered', async () => {
    const scene = await createScene(fault, { options: { timeout } })
    const { judge, outcome, endpoint, warnings } = scene
    try {
      const started = performance.now()
      const error = await judge().catch((thrown: unknown) => thrown as AccessError)
      expect(error).toMatchObject({ code: 'introspection_unavailable', status: 503, error: undefined })
      expect(performance.now() - started).toBeLessThan(timeout + 500)
      expect(await outcome()).toBe('introspection_unavailable')
      expect(endpoint.questions).toHaveLength(2)

      expect(warnings.map(({ code }) => code)).toEqual(['introspection_failed'])
      assertSecretFree(error, warnings)

      endpoint.reply = active()
      expect(await outcome()).toBe('accepted')
    } finally {
      await scene.close()
    }
  })
})

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('%d leads nowhere', async (status) => {
    await inScene(undefined, async ({ outcome, endpoint }) => {
      endpoint.reply = raw(status, { Location: `${endpoint.origin}/elsewhere` })
      expect(await outcome()).toBe('introspection_unavailable')
      expect(endpoint.questions).toHaveLength(1)
      expect(endpoint.strays).toEqual([])
      endpoint.reply = active()
      expect(await outcome()).toBe('accepted')
    })
  })

  test('to another host brings it neither token nor credentials', async () => {
    const thief = await createScene()
    try {
      await inScene(raw(307, { Location: thief.endpoint.url }), async ({ outcome, endpoint }) => {
        expect(await outcome()).toBe('introspection_unavailable')
        expect(endpoint.questions).toHaveLength(1)
        expect([...thief.endpoint.questions, ...thief.endpoint.strays]).toEqual([])
      })
    } finally {
      await thief.close()
    }
  })
})

test('nobody at the address: 503 at once', async () => {
  const scene = await createScene(undefined, { options: { timeout } })
  await scene.endpoint.close()
  expect(await scene.outcome()).toBe('introspection_unavailable')
  assertSecretFree(scene.warnings)
  scene.introspector.close()
})

describe('an answer that is remembered', () => {
  const counted = async (settings: SceneOptions, reply: Reply, body: Parameters<typeof inScene>[1]): Promise<void> =>
    inScene(reply, body, settings)

  test('counts for its time and no longer, whatever happened since', async () => {
    await counted({ options: { ttl: 30, timeout } }, active(), async ({ outcome, endpoint, clock }) => {
      expect(await outcome()).toBe('accepted')
      endpoint.reply = { active: false }
      clock.now = NOW + 29.9
      expect(await outcome()).toBe('accepted')
      expect(endpoint.questions).toHaveLength(1)
      clock.now = NOW + 30
      expect(await outcome()).toBe('token_revoked')
      expect(endpoint.questions).toHaveLength(2)
    })
  })

  test('serves through an outage for that time, and then no longer', async () => {
    await counted({ options: { ttl: 30, timeout } }, active(), async ({ outcome, endpoint, clock }) => {
      expect(await outcome()).toBe('accepted')
      endpoint.reply = raw(500, {})
      clock.now = NOW + 29
      expect(await outcome()).toBe('accepted')
      clock.now = NOW + 30
      expect(await outcome()).toBe('introspection_unavailable')
      endpoint.reply = active()
      expect(await outcome()).toBe('accepted')
    })
  })

  test('never counts past exp', async () => {
    await counted({ options: { ttl: 300 } }, active({ exp: NOW + 10 }), async ({ outcome, endpoint, clock }) => {
      expect(await outcome()).toBe('accepted')
      clock.now = NOW + 9
      expect(await outcome()).toBe('accepted')
      expect(endpoint.questions).toHaveLength(1)
      clock.now = NOW + 10
      endpoint.reply = { active: false }
      expect(await outcome()).toBe('token_revoked')
    })
  })

  test('is not lengthened by a clock that was set back', async () => {
    await counted({ options: { ttl: 30 } }, active({ iat: 0 }), async ({ outcome, endpoint, clock }) => {
      expect(await outcome()).toBe('accepted')
      clock.now = NOW - 3600
      expect(await outcome()).toBe('accepted')
      expect(endpoint.questions).toHaveLength(2)
    })
  })

  test('tells whoever keeps the token how long that is', async () => {
    await inScene(active(), async ({ introspector, clock, endpoint }) => {
      const { isFresh } = await introspector.introspect(opaque)
      expect(isFresh()).toBe(true)
      clock.now = NOW + 30
      expect(isFresh()).toBe(false)
      expect(endpoint.questions).toHaveLength(1)
    })
  })

  test('answers at once on Node', async () => {
    await inScene(active(), async ({ introspector, judge }) => {
      expect(introspector.introspect(opaque)).toBeInstanceOf(Promise)
      const token = await judge()
      expect(introspector.introspect(opaque)).not.toBeInstanceOf(Promise)
      expect(introspector.confirm(opaque, token)).not.toBeInstanceOf(Promise)
    })
  })

  test('with ttl 0 there is none', async () => {
    await counted({ options: { ttl: 0 } }, active(), async ({ outcome, endpoint }) => {
      for (const count of [1, 2, 3]) {
        expect(await outcome()).toBe('accepted')
        expect(endpoint.questions).toHaveLength(count)
      }
      endpoint.reply = { active: false }
      expect(await outcome()).toBe('token_revoked')
    })
  })

  test('is never about a token that was refused', async () => {
    await counted({}, { active: false }, async ({ outcome, endpoint }) => {
      expect(await outcome()).toBe('token_revoked')
      endpoint.reply = active()
      expect(await outcome()).toBe('accepted')
      expect(endpoint.questions).toHaveLength(2)
    })
  })

  test('makes room for others when there are too many', async () => {
    await counted({ options: { maxEntries: 2 } }, active(), async ({ outcome, endpoint }) => {
      for (const token of ['one', 'two', 'one', 'three', 'one', 'two']) expect(await outcome(token)).toBe('accepted')
      expect(endpoint.questions.map(({ form }) => form.get('token'))).toEqual(['one', 'two', 'three', 'two'])
    })
  })

  test('is not that of another token, nor of another API', async () => {
    const says: Reply = ({ form }) => active({ sub: `subject of ${form.get('token')}` })
    await inScene(says, async (one) => {
      await inScene({ active: false }, async (other) => {
        expect((await one.judge('a')).subject).toBe('subject of a')
        expect((await one.judge('b')).subject).toBe('subject of b')
        expect((await one.judge('a')).subject).toBe('subject of a')
        expect(await other.outcome('a')).toBe('token_revoked')
        expect((await one.judge('a')).subject).toBe('subject of a')
      })
    })
  })
})

describe('questions at the same time', () => {
  const slow =
    (said: Record<string, unknown>): Reply =>
    async () => {
      await sleep(50)
      return said
    }

  test('about one token are one', async () => {
    await inScene(slow(active()), async ({ outcome, endpoint }) => {
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome()))
      expect(new Set(outcomes)).toEqual(new Set(['accepted']))
      expect(endpoint.questions).toHaveLength(1)
    })
  })

  test('share a refusal, and the next one asks again', async () => {
    await inScene(slow({ active: false }), async ({ outcome, endpoint }) => {
      expect(await Promise.all([outcome(), outcome()])).toEqual(['token_revoked', 'token_revoked'])
      expect(endpoint.questions).toHaveLength(1)
      expect(await outcome()).toBe('token_revoked')
      expect(endpoint.questions).toHaveLength(2)
    })
  })

  test('of two APIs are two', async () => {
    await inScene(slow(active()), async (one) => {
      await inScene(slow({ active: false }), async (other) => {
        expect(await Promise.all([one.outcome(), other.outcome()])).toEqual(['accepted', 'token_revoked'])
        expect([one.endpoint.questions.length, other.endpoint.questions.length]).toEqual([1, 1])
      })
    })
  })

  test('are no more than was said, and the rest does not wait', async () => {
    await inScene(
      slow(active()),
      async ({ outcome, endpoint }) => {
        const flood = Array.from({ length: 100 }, (_, index) => outcome(`token-${index}`))
        const outcomes = await Promise.all([...flood, outcome('token-0')])
        expect(outcomes.filter((code) => code === 'accepted')).toHaveLength(5)
        expect(outcomes.filter((code) => code === 'introspection_unavailable')).toHaveLength(96)
        expect(outcomes.at(-1)).toBe('accepted')
        expect(endpoint.questions).toHaveLength(4)
        expect(await outcome('token-99')).toBe('accepted')
      },
      { options: { maxConcurrent: 4 } },
    )
  })

  test('leave nothing on the console', async () => {
    const warned: string[] = []
    const listen = ({ name }: Error): void => void warned.push(name)
    process.on('warning', listen)
    await inScene(slow(active()), async ({ outcome }) => {
      await Promise.all(Array.from({ length: 60 }, (_, index) => outcome(`token-${index}`)))
      await sleep(10)
    })
    process.off('warning', listen)
    expect(warned).toEqual([])
  })

  test('grow nothing: a flood of garbage is forgotten', async () => {
    await inScene(
      { active: false },
      async ({ outcome, endpoint }) => {
        for (let round = 0; round < 20; round += 1) {
          await Promise.all(Array.from({ length: 50 }, (_, index) => outcome(`garbage-${round}-${index}`)))
        }
        endpoint.reply = active()
        expect(await outcome()).toBe('accepted')
      },
      { options: { maxConcurrent: 50 } },
    )
  })
})

describe('closing', () => {
  test('ends what is under way, warns of nothing and asks nothing more', async () => {
    const scene = await createScene(later(() => {}))
    const pending = scene.outcome()
    while (scene.endpoint.questions.length === 0) await sleep(5)
    scene.introspector.close()
    const started = performance.now()
    expect(await pending).toBe('introspection_unavailable')
    expect(performance.now() - started).toBeLessThan(1_000)
    scene.endpoint.reply = active()
    expect(await scene.outcome()).toBe('introspection_unavailable')
    expect(scene.endpoint.questions).toHaveLength(1)
    expect(scene.warnings).toEqual([])
    await scene.close()
  })
})

test('an outage is reported when it begins, again after it was over', async () => {
  await inScene(raw(500, {}), async ({ outcome, endpoint, warnings }) => {
    await outcome()
    await outcome()
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.message).toBe(
      `tokens of https://auth.example.com cannot be introspected: status 500 from ${endpoint.url}`,
    )
    endpoint.reply = active()
    await outcome()
    endpoint.reply = (_question, response) => {
      sendJson(response, {})
      return undefined
    }
    await outcome('another')
    expect(warnings.map(({ message }) => message.split(': ').at(-1))).toEqual([
      `status 500 from ${endpoint.url}`,
      'the answer does not say active',
    ])
  })
})
