/** How much is measured: enough to trust (full), or just enough to see that every row runs (smoke). */
export interface Scale {
  readonly verify: { readonly tokens: number; readonly rounds: number }
  readonly repeated: { readonly tokens: number; readonly calls: number; readonly rounds: number }
  readonly http: {
    readonly seconds: number
    readonly rounds: number
    readonly connections: number
    /** Milliseconds of processor time that a server works before it is measured, so that its code is compiled. */
    readonly warmUp: number
    /** Distinct tokens sent in turn. More than the server's cache holds, so that none is found in it. */
    readonly distinct: number
    readonly cacheEntries: number
  }
  readonly growth: {
    readonly tokens: number
    readonly rounds: number
    readonly seen: readonly number[]
    readonly cacheEntries: number
  }
  readonly dpop: { readonly proofs: number; readonly rounds: number }
  readonly features: {
    readonly tokens: number
    readonly calls: number
    readonly rounds: number
    readonly watermarks: readonly number[]
  }
  readonly policy: { readonly calls: number; readonly rounds: number }
  readonly auditTrail: {
    /** Lengths of trails, in PostgreSQL and in the embedded database. */
    readonly events: readonly number[]
    readonly embedded: readonly number[]
    readonly rounds: number
    readonly calls: number
  }
  readonly auditIngest: {
    /** Lengths of trails, in PostgreSQL and in the embedded database. */
    readonly events: readonly number[]
    readonly embedded: readonly number[]
    readonly rounds: number
    readonly calls: number
  }
  readonly authServer: {
    readonly seconds: number
    readonly rounds: number
    readonly connections: number
    /** Rows in the database before. */
    readonly agents: readonly number[]
    readonly events: readonly number[]
  }
  readonly agent: { readonly calls: number; readonly rounds: number }
  readonly imports: { readonly runs: number }
}

export const full: Scale = {
  verify: { tokens: 2_000, rounds: 9 },
  repeated: { tokens: 1_000, calls: 50_000, rounds: 9 },
  http: { seconds: 2, rounds: 5, connections: 32, warmUp: 3_000, distinct: 12_800, cacheEntries: 10_000 },
  growth: { tokens: 1_000, rounds: 7, seen: [0, 10_000, 1_000_000], cacheEntries: 10_000 },
  dpop: { proofs: 500, rounds: 9 },
  features: { tokens: 1_000, calls: 20_000, rounds: 9, watermarks: [0, 10_000, 1_000_000] },
  policy: { calls: 2_000, rounds: 9 },
  auditTrail: { events: [10_000, 100_000, 1_000_000], embedded: [1_000, 10_000], rounds: 9, calls: 50 },
  auditIngest: {
    events: [10_000, 100_000, 1_000_000],
    embedded: [10_000, 100_000],
    rounds: 7,
    calls: 10,
  },
  authServer: { seconds: 3, rounds: 5, connections: 16, agents: [100_000], events: [1_000_000] },
  agent: { calls: 100, rounds: 7 },
  imports: { runs: 15 },
}

export const smoke: Scale = {
  verify: { tokens: 200, rounds: 1 },
  repeated: { tokens: 100, calls: 5_000, rounds: 1 },
  http: { seconds: 0.04, rounds: 1, connections: 2, warmUp: 0, distinct: 100, cacheEntries: 25 },
  growth: { tokens: 50, rounds: 1, seen: [0, 200, 2_000], cacheEntries: 200 },
  dpop: { proofs: 20, rounds: 1 },
  features: { tokens: 60, calls: 500, rounds: 1, watermarks: [0, 200, 2_000] },
  policy: { calls: 100, rounds: 1 },
  auditTrail: { events: [200, 1_000], embedded: [200, 1_000], rounds: 1, calls: 10 },
  auditIngest: { events: [200, 1_000], embedded: [200], rounds: 1, calls: 5 },
  authServer: { seconds: 0.2, rounds: 1, connections: 2, agents: [200], events: [500] },
  agent: { calls: 5, rounds: 1 },
  imports: { runs: 2 },
}
