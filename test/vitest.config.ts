import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    dir: 'test',
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: [join(import.meta.dirname, 'support/vitest-global.ts')],
    setupFiles: [join(import.meta.dirname, 'support/vitest-setup.ts')],
    // Many tests wait more than they work: one worker, which is what two cores get by default, would wait with them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Floods of tokens, counted for coverage on a machine that does other things too.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      // Tests run what is published; the source maps take the counts back to src.
      include: ['packages/{core,express,fastify,koa,hono,redis,agent,langchain,audit}/dist/**/*.js'],
      reporter: [['text', { skipFull: true }]],
      reportOnFailure: true,
      reportsDirectory: '.cache/coverage',
      // What is covered today at the least, not what is wanted: full lines and branches.
      thresholds: { lines: 99.5, branches: 98 },
    },
  },
})
