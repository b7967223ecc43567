import type { Requirement } from './requirement.js'

/** Is the caller the one the token was given to? */
export const binding = [
  {
    id: 'RFC9449-7.1-scheme',
    source: 'RFC 9449 section 7.1',
    text: 'A token bound to a key is served under the DPoP scheme, its name in any case, with a proof made for this request.',
  },
  {
    id: 'RFC9449-7.1-challenge',
    source: 'RFC 9449 section 7.1',
    text: 'Challenges offer DPoP with the algorithms of proofs; what went wrong is said in the challenge of the scheme that was used alone.',
  },
  {
    id: 'RFC9449-7.2-bearer',
    source: 'RFC 9449 section 7.2',
    text: 'A token bound to a key is refused under the Bearer scheme, with a proof beside it or without, whatever the options say.',
  },
  {
    id: 'RFC9449-7.1-unbound',
    source: 'RFC 9449 section 7.1',
    text: 'A token that is bound to no key is refused under the DPoP scheme, even with a proof that holds.',
  },
  {
    id: 'RFC9449-4.3-1-one-proof',
    source: 'RFC 9449 section 4.3, check 1',
    text: 'A request has one DPoP field and no more: none is no proof, several are refused, equal or not.',
  },
  {
    id: 'RFC9449-4.3-2-well-formed',
    source: 'RFC 9449 section 4.3, check 2',
    text: 'A proof is a single and well-formed JWT.',
  },
  {
    id: 'RFC9449-4.3-3-claims',
    source: 'RFC 9449 section 4.3, check 3',
    text: 'A proof without jti, htm, htu, iat or ath, or with one of another type, is refused.',
  },
  {
    id: 'RFC9449-4.3-4-type',
    source: 'RFC 9449 section 4.3, check 4, RFC 7515 section 4.1.9',
    text: 'The typ of a proof is dpop+jwt; as in every media type, case and a leading application/ make no difference.',
  },
  {
    id: 'RFC9449-4.3-5-algorithm',
    source: 'RFC 9449 section 4.3, check 5',
    text: 'A proof is signed with an asymmetric algorithm that this API accepts.',
  },
  {
    id: 'RFC9449-4.3-6-signature',
    source: 'RFC 9449 section 4.3, check 6',
    text: 'The signature of a proof holds by the key in its header.',
  },
  {
    id: 'RFC9449-4.3-7-public',
    source: 'RFC 9449 section 4.3, check 7',
    text: 'The key in the header of a proof has no private member, of any key type.',
  },
  {
    id: 'RFC9449-4.3-8-method',
    source: 'RFC 9449 section 4.3, check 8',
    text: 'htm is the method of the request, case included.',
  },
  {
    id: 'RFC9449-4.3-9-url',
    source: 'RFC 9449 section 4.3, check 9',
    text: 'htu is the URL of the request, normalised as RFC 3986 has it; query and fragment are ignored.',
  },
  {
    id: 'BEHALF-htu-is-configuration',
    source: 'Behalf, RFC 9449 section 4.3, check 9',
    text: 'The origin in htu is compared with the configured resource, never with Host, Forwarded or X-Forwarded fields.',
  },
  {
    id: 'RFC9449-4.3-11-time',
    source: 'RFC 9449 sections 4.3, check 11, and 11.1',
    text: 'A proof is refused when it was made too long ago or too far ahead.',
  },
  {
    id: 'RFC9449-4.3-12-token',
    source: 'RFC 9449 section 4.3, check 12 a',
    text: 'ath is the hash of the very token that is presented.',
  },
  {
    id: 'RFC9449-4.3-12-key',
    source: 'RFC 9449 sections 4.3, check 12 b, and 6.1',
    text: 'The key of the proof is the one the token is bound to.',
  },
  {
    id: 'RFC9449-11.1-replay',
    source: 'RFC 9449 section 11.1',
    text: 'A proof is good for one request: the second is refused. A proof that was refused for something else is not used up.',
  },
  {
    id: 'RFC9449-9-nonce',
    source: 'RFC 9449 sections 4.3, check 10, and 9',
    text: 'Where nonces are demanded, a proof without a good one is answered use_dpop_nonce with a nonce, and one with it is served.',
  },
  {
    id: 'RFC9449-8.2-next-nonce',
    source: 'RFC 9449 section 8.2',
    text: 'A request that is served is handed the nonce for the next proof as well.',
  },
  {
    id: 'BEHALF-dpop-required',
    source: 'Behalf, RFC 9449 section 7',
    text: 'An API that requires DPoP refuses every token that is bound to no key, and offers no other scheme.',
  },
  {
    id: 'BEHALF-dpop-disabled',
    source: 'Behalf',
    text: 'An API that takes no DPoP still refuses tokens bound to a key, and offers no DPoP scheme.',
  },
  {
    id: 'BEHALF-confirmation-unknown',
    source: 'Behalf, stricter than RFC 7800 section 3.1',
    text: 'A confirmation that is not understood to the last member refuses the token, whatever the scheme.',
  },
  {
    id: 'RFC8705-3-certificate',
    source: 'RFC 8705 sections 3 and 3.1',
    text: 'A token bound to a certificate is served with this certificate and refused with another one and without.',
  },
  {
    id: 'RFC9440-2.2-header',
    source: 'RFC 9440 sections 2.1, 2.2 and 4',
    text: 'The certificate is read from the configured header alone, and only when it holds exactly one.',
  },
  {
    id: 'BEHALF-certificate-header-off',
    source: 'Behalf, RFC 9440 section 4',
    text: 'Without a configured header no header of a caller stands for a certificate.',
  },
  {
    id: 'BEHALF-certificate-pem',
    source: 'Behalf',
    text: 'URL-encoded PEM in the header of a proxy is read where that is configured, and in no other place.',
  },
] as const satisfies readonly Requirement[]
