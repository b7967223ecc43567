import * as oauth from 'oauth4webapi'

/** Lets requests go over plain http: to loopback addresses alone, see {@link isLoopback}. */
// oxlint-disable-next-line typescript/no-deprecated -- marked so to stand out; the only use is here
export const plainHttp: typeof oauth.allowInsecureRequests = oauth.allowInsecureRequests

/** Whether plain http is no risk there. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/u.test(hostname)
}

/** Whether something secret may go there, or a person be sent there. */
export function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
}
