/** The part of oidc-provider that the tests use: the package ships no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface ResourceServerInfo {
    readonly scope: string
    readonly audience?: string
    readonly accessTokenTTL?: number
    readonly accessTokenFormat?: 'jwt' | 'opaque'
    readonly jwt?: { readonly sign: { readonly alg: string } }
  }

  export interface Context {
    body: unknown
    readonly oidc: {
      readonly client: { readonly clientId: string }
      readonly params: Readonly<Record<string, string | undefined>>
    }
  }

  export interface AccessToken {
    save(): Promise<string>
    readonly expiration: number
  }

  export class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
    readonly AccessToken: new (
      properties: Readonly<Record<string, unknown>>,
    ) => AccessToken
    readonly ResourceServer: new (
      identifier: string,
      info: ResourceServerInfo,
    ) => object
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    registerGrantType(name: string, handler: (context: Context) => Promise<void>, parameters: readonly string[]): void
  }
}
