import type { ServerResponse } from 'node:http';

/** The explorer runs scripts of its own; everything else is data that no browser has to render. */
const nothingToRender = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const explorerOnly = "frame-ancestors 'none'; base-uri 'self'";

/** Headers of every answer (OWASP, "HTTP Security Response Headers"). */
export function setSecurityHeaders(
  response: ServerResponse,
  { isSecure, isExplorer }: { readonly isSecure: boolean; readonly isExplorer: boolean },
): void {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('content-security-policy', isExplorer ? explorerOnly : nothingToRender);
  if (!isExplorer) response.setHeader('cache-control', 'no-store');
  if (isSecure) response.setHeader('strict-transport-security', 'max-age=31536000');
}
