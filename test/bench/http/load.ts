import autocannon from 'autocannon'
import { answer } from './child.js'
import type { Tokens, Traffic } from './traffic.js'

/** One run of the load generator. */
export interface Load {
  readonly port: number
  readonly traffic: Traffic
  readonly connections: number
  readonly seconds: number
}

export interface LoadResult {
  readonly completed: number
  readonly milliseconds: number
}

let tokens: Tokens = { repeated: [], distinct: [], untyped: [] }

answer((question: Load | { readonly tokens: Tokens }) => {
  if (!('tokens' in question)) return run(question)
  tokens = question.tokens
  return 'ready'
})

/** Every connection has its own share of the tokens and presents them in turn. */
function run({ port, traffic, connections, seconds }: Load): Promise<LoadResult> {
  const shares = Array.from({ length: connections }, (_, share) =>
    tokens[traffic]
      .filter((_token, i) => i % connections === share)
      .map((token) => ({ method: 'GET' as const, path: '/invoices', headers: { authorization: `Bearer ${token}` } })),
  )
  return new Promise((resolve, reject) => {
    let start = 0
    const options = {
      url: `http://127.0.0.1:${port}`,
      connections,
      duration: seconds,
      sampleInt: 50,
      setupClient: (client: autocannon.Client) => client.setRequests(shares.pop() ?? []),
    }
    autocannon(options, (error, result) => {
      if (error) reject(error)
      else if (result.non2xx + result.errors > 0)
        reject(new Error(`${result.non2xx} refusals, ${result.errors} errors`))
      else resolve({ completed: result['2xx'], milliseconds: performance.now() - start })
    }).on('start', () => {
      start = performance.now()
    })
  })
}
