import autocannon from 'autocannon'
import { answer } from '../http/child.js'
import type { Ready } from './contender.js'

/** One run of the load generator. */
export interface Load extends Ready {
  readonly connections: number
  readonly seconds: number
}

/** What it saw; latencies in milliseconds. */
export interface LoadResult {
  readonly tokens: number
  readonly milliseconds: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

answer(run)

/** Every connection sends every request in turn, from another one on. */
function run({ port, requests, connections, seconds }: Load): Promise<LoadResult> {
  let opened = 0
  return new Promise((resolve, reject) => {
    let start = 0
    const options = {
      url: `http://127.0.0.1:${port}`,
      connections,
      duration: seconds,
      sampleInt: 50,
      setupClient: (client: autocannon.Client) => {
        const first = (opened * 7) % requests.length
        opened += 1
        client.setRequests([...requests.slice(first), ...requests.slice(0, first)].map((request) => ({ ...request })))
      },
    }
    autocannon(options, (error, result) => {
      if (error) reject(error)
      else if (result.non2xx + result.errors > 0)
        reject(new Error(`${result.non2xx} refusals, ${result.errors} errors`))
      else {
        const { p50, p90, p99 } = result.latency
        resolve({ tokens: result['2xx'], milliseconds: performance.now() - start, p50, p90, p99 })
      }
    }).on('start', () => {
      start = performance.now()
    })
  })
}
