import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { exitCodes, StoaError } from '../errors.ts';
import type { Logger } from '../log.ts';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

/** Delivers one mail, or throws: the job is then tried again later. */
export interface Mailer {
  send(mail: Mail): Promise<void>;
}

type MailerSettings = Pick<Config, 'mailer' | 'environment' | 'projectDir'>;

function logMailer(log: Pick<Logger, 'info'>): Mailer {
  return {
    async send({ to, subject, text }) {
      log.info({ mail: { to, subject, text } }, 'a mail that was not sent, because the mailer is "log"');
    },
  };
}

/** Posts each mail as JSON to a service that delivers it. */
function webhookMailer(url: string): Mailer {
  return {
    async send(mail) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(mail),
        signal: AbortSignal.timeout(30_000),
      });
      if (!response.ok) throw new Error(`the mail service answered with status ${response.status}`);
    },
  };
}

const moduleShape = z.object({
  default: z.custom<() => Mailer | Promise<Mailer>>((value) => typeof value === 'function'),
});

async function moduleMailer(path: string): Promise<Mailer> {
  const wrong = (message: string, cause?: unknown): StoaError =>
    new StoaError('mailer.unusable', message, {
      cure: 'The module exports by default a function that returns an object with a method send({ to, subject, text }).',
      exitCode: exitCodes.configuration,
      cause,
    });
  let loaded: unknown;
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (cause) {
    throw wrong(`The mailer ${path} cannot be loaded.`, cause);
  }
  const parsed = moduleShape.safeParse(loaded);
  if (!parsed.success) throw wrong(`The mailer ${path} does not export a function by default.`);
  const mailer = await parsed.data.default();
  if (typeof mailer?.send !== 'function')
    throw wrong(`The mailer ${path} returned something that cannot send.`);
  return mailer;
}

/**
 * What `mailer` names: `log`, the http(s) address of a service that takes `{ to, subject, text }`, or the path of a
 * module. A mail in the log signs in whoever reads the log, so production refuses that.
 */
export async function createMailer(settings: MailerSettings, log: Pick<Logger, 'info'>): Promise<Mailer> {
  const { mailer, environment, projectDir } = settings;
  if (mailer === 'log') {
    if (environment !== 'production') return logMailer(log);
    throw new StoaError(
      'mailer.log_in_production',
      'In production, mails must be sent and not written to the log.',
      {
        cure: 'Set STOA_MAILER to the address of a mail service or to the path of a module that sends mail.',
        exitCode: exitCodes.configuration,
      },
    );
  }
  if (/^https?:\/\//.test(mailer)) return webhookMailer(mailer);
  return moduleMailer(isAbsolute(mailer) ? mailer : resolve(projectDir, mailer));
}

const created = new WeakMap<MailerSettings, Promise<Mailer>>();

/** The one mailer of an installation. */
export function mailerOf(settings: MailerSettings, log: Pick<Logger, 'info'>): Promise<Mailer> {
  const known = created.get(settings);
  if (known) return known;
  const mailer = createMailer(settings, log);
  created.set(settings, mailer);
  return mailer;
}
