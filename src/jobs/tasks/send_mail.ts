import { z } from 'zod';
import { composeMail, type MailKind, mailKinds } from '../../auth/mail-messages.ts';
import { mailerOf } from '../../auth/mailer.ts';
import { newToken } from '../../auth/tokens.ts';
import type { StoaTask } from '../task.ts';

const shape = z.object({ kind: z.enum(mailKinds), userId: z.uuid() });

interface Prepared {
  readonly kind: MailKind;
  readonly address: string;
  readonly username: string | null;
  readonly expires_at: Date | null;
}

/**
 * Sends one mail. Address and token are not in the queue: the address is looked up now, the token is made now and
 * the database gets its digest. So a job that is run again sends a newer token, which replaces the one before.
 */
const sendMail: StoaTask = async (payload, context) => {
  const { kind, userId } = shape.parse(payload);
  const mailer = await mailerOf(context.config, context.log);
  const token = newToken();
  const { rows } = await context.query<Prepared>('select * from auth.prepare_mail($1, $2, $3)', [
    kind,
    userId,
    token.hash,
  ]);
  const [prepared] = rows;
  // Done meanwhile, or asked for an address that nobody has.
  if (!prepared) return;
  const { address, username, expires_at: expiresAt } = prepared;
  await mailer.send(
    composeMail({
      kind: prepared.kind,
      address,
      username,
      url: context.config.publicUrl,
      token: expiresAt === null ? undefined : { text: token.text, expiresAt },
    }),
  );
};

export default sendMail;
