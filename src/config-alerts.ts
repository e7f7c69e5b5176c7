import { z } from 'zod';
import { type Setting, text, webUrl } from './setting-forms.ts';

/** The settings of where alerts are sent. src/config.ts reads them with all others. */
export const alertSettings: readonly Setting[] = [
  {
    key: 'alertWebhookUrl',
    environment: ['STOA_ALERT_WEBHOOK_URL'],
    secret: true,
    summary:
      'Alerts are posted there as JSON (docs/operations/alerts.md). Secret, because such addresses often let in whoever has them.',
    defaultText: 'none: alerts are kept and shown, and sent nowhere',
    schema: webUrl,
  },
  {
    key: 'alertWebhookSecret',
    environment: ['STOA_ALERT_WEBHOOK_SECRET'],
    secret: true,
    summary: 'Signs what is posted, so that the receiver can tell it from what others post.',
    defaultText: 'none: unsigned',
    schema: text,
  },
];

export const alertValues = {
  alertWebhookUrl: z.string().optional(),
  alertWebhookSecret: z.string().optional(),
};
