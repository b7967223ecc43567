import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { networkOf } from '../../../packages/auth-server/dist/http/network.js'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'

describe('the network of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::5', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:1:192.0.2.7', '0:0:0:0::/64'],
    ['no address', 'no address'],
    ['', ''],
  ])('%s is of %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})

describe('callers at one proxy', () => {
  let server: RunningAuthServer
  beforeAll(async () => {
    server = await startAuthServer({ trustedProxies: 1, rateLimits: { login: 2, token: 2 } })
  })
  afterAll(() => server.close())

  const post = async (path: string, address: string) => {
    const headers = { 'x-forwarded-for': address }
    return (await fetch(`${server.issuer}${path}`, { method: 'POST', headers, body: new URLSearchParams() })).status
  }

  it.each(['/sign-in', '/token'])('are one caller in one /64 of IPv6, and others in another: %s', async (path) => {
    await post(path, '2001:db8:1:2::1')
    await post(path, '2001:db8:1:2:ffff::2')
    expect(await post(path, '2001:db8:1:2:aaaa:bbbb:cccc:dddd')).toBe(429)
    expect(await post(path, '2001:db8:1:3::1')).not.toBe(429)
  })

  it('are one caller with one address of IPv4, in whatever form it comes, and others with the next', async () => {
    await post('/sign-in', '192.0.2.7')
    await post('/sign-in', '::ffff:192.0.2.7')
    expect(await post('/sign-in', '::ffff:c000:207')).toBe(429)
    expect(await post('/sign-in', '::ffff:192.0.2.8')).not.toBe(429)
  })
})
