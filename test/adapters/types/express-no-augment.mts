/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-member-access, typescript/unbound-method -- what must not compile has no types */
import { createGuard, getAuth } from '@behalf/express/no-augment'
import express, { type Request } from 'express'
import { type AuthResult, auth } from 'express-oauth2-jwt-bearer'

// another package's `req.auth` keeps its type, and getAuth answers ours
const { requireScope } = createGuard({ issuer: 'https://auth.example.com', audience: 'https://billing.example.com' })
const app = express()

app.get('/theirs/:id', auth(), (req) => {
  const theirs: AuthResult | undefined = req.auth
  // @ts-expect-error ours is not declared here
  req.auth?.subject
  return theirs
})
app.get('/ours/:id', requireScope('a'), (req) => {
  const subject: string = getAuth(req).subject
  return [subject, req.params.id.length]
})
export function header(req: Request): string | undefined {
  return getAuth(req).actor?.subject
}
