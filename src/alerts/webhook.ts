import { createHmac } from 'node:crypto';
import type { Alert } from './alert.ts';

export interface Webhook {
  readonly url: string;
  /** Undefined: not signed. */
  readonly secret: string | undefined;
  /** Which installation speaks. */
  readonly installation: string;
}

const patienceMs = 10_000;

/**
 * `t=<Unix seconds>,v1=<hex>`: HMAC-SHA256 of the time, a dot and the body as they are sent. The time is signed too, so a
 * receiver can refuse what is old and sent again by somebody else.
 */
export function signatureOf(secret: string, body: string, sentAt: number): string {
  const digest = createHmac('sha256', secret).update(`${sentAt}.${body}`).digest('hex');
  return `t=${sentAt},v1=${digest}`;
}

/** Posts one alert; throws when it was not taken. A receiver may get it twice and knows it by `id` and `state`. */
export async function postAlert({ url, secret, installation }: Webhook, alert: Alert): Promise<void> {
  const state = alert.resolvedAt === null ? 'open' : 'resolved';
  const body = JSON.stringify({ ...alert, state, installation });
  const sentAt = Math.floor(Date.now() / 1_000);
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'stoa',
        ...(secret === undefined ? {} : { 'x-stoa-signature': signatureOf(secret, body, sentAt) }),
      },
      body,
      // Whoever is told of an alert is who was chosen, and nobody to whom they point.
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMs),
    });
  } catch (cause) {
    // The reason names the address, which is a secret.
    throw new Error('the service that takes alerts did not answer', { cause });
  }
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the service that takes alerts answered with status ${response.status}`);
}
