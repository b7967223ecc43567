import type { Scale } from '../scale.js'
import { audience, createSigner, scope } from '../signer.js'
import { ratio, statistic } from '../statistic.js'
import { formatCount, formatRatio, type Section } from '../table.js'
import { aheadOfPeers, atLeast, type Target, verdict } from '../target.js'
import { type App, type AppSettings, behalfDistinct, behalfRepeated, unprotected } from './app.js'
import { type FrameworkRun, runFramework, type Series } from './framework-run.js'
import { frameworks } from './frameworks.js'
import { startIssuer } from './issuer.js'
import { choosePins } from './pin.js'
import { createTokens } from './traffic.js'

export const httpSection: Section<Scale> = {
  id: 'http',
  title: 'HTTP',
  async measure({ http }) {
    const signer = createSigner('RS256')
    const issuer = await startIssuer(signer.jwk)
    const pins = choosePins()
    const settings: AppSettings = { ...issuer, audience, scope, cacheEntries: http.cacheEntries }
    const rows: string[][] = []
    for (const framework of Object.keys(frameworks)) {
      const tokens = createTokens(signer, issuer.issuer, http.distinct)
      const run = await runFramework({ framework, settings, signer, tokens, pins, scale: http })
      rows.push(...run.series.map((series) => formatRow(framework, series, run)))
    }
    issuer.close()
    return {
      columns: [
        'framework',
        'guard of the route',
        'requests per core second',
        'of the route alone',
        'of what one core allows',
        'server busy',
        'target',
        'reached',
      ],
      rows,
      notes: [
        `${http.rounds} rounds, every app of a framework in turns of ${http.seconds} s, ${http.connections} connections. ${pins.note}`,
        'The route alone is sent the same requests, token and all. Medians (quartiles) of the ratios of each round.',
        `Repeated: 100 tokens over and over. Distinct: ${formatCount(http.distinct)} tokens in turn, where the cache holds ${formatCount(http.cacheEntries)}: none is ever found in it. Every row without other mention has distinct tokens.`,
        'What one core allows: 1 / (1 / the route alone + 1 / bare `crypto.verify` on that core), taken in each round.',
        "Requests per core second: answers, divided by the processor time of the server. It is what one core answers when nothing else needs it, whatever the load generator and other processes do. Server busy: that time's share of the wall clock.",
        'hono/jwk refuses `typ: at+jwt`, so its rows have tokens with `typ: JWT`; with `jwks_uri` it fetches the keys for every request, as its documentation shows.',
      ],
    }
  },
}

function formatRow(framework: string, series: Series, run: FrameworkRun): string[] {
  const { app, rates, busy } = series
  const alone = ratesOf(run, unprotected)
  const ceiling = alone.map((rate, round) => 1 / (1 / rate + 1 / (run.bareVerify[round] ?? Number.NaN)))
  const [share, ceilingShare] = [ratio(rates, alone), ratio(rates, ceiling)]
  return [
    framework,
    app.name,
    formatCount(statistic(rates).median),
    formatRatio(share),
    app.traffic === 'repeated' ? '' : formatRatio(ceilingShare),
    `${Math.round(statistic(busy).median * 100)} %`,
    ...verdict(targetsOf(app, share.median, ceilingShare.median, run)),
  ]
}

function targetsOf(app: App, share: number, ceilingShare: number, run: FrameworkRun): readonly Target[] {
  if (app.name === behalfRepeated)
    return [atLeast(share, 0.88, '≥ 0.88 of the route'), aheadOfPeers(lead(app, run, () => true))]
  if (app.name !== behalfDistinct) return []
  const lonePeers = lead(app, run, (peer) => peer.traffic !== 'repeated')
  return [atLeast(ceilingShare, 0.9, '≥ 0.90 of the core'), aheadOfPeers(lonePeers)]
}

/** How many times more requests than the best of the peers. */
function lead(app: App, run: FrameworkRun, counts: (peer: App) => boolean): number {
  const peers = run.series.filter((series) => series.app.peer && counts(series.app))
  return Math.min(...peers.map(({ rates }) => ratio(ratesOf(run, app.name), rates).median))
}

function ratesOf({ series }: FrameworkRun, name: string): readonly number[] {
  return series.find(({ app }) => app.name === name)?.rates ?? []
}
