/** Where the endpoints are, below the issuer's URL. */
export const paths = {
  authorization: '/authorize',
  token: '/token',
  introspection: '/token/introspection',
  revocation: '/token/revocation',
  pushed: '/request',
  ciba: '/backchannel',
  keys: '/jwks',
  userinfo: '/userinfo',
  endSession: '/session/end',
  interaction: '/interaction',
} as const
