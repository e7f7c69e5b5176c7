/**
 * Prints the messages of all conversations of an account as they come. Stop the server and start it again: what was sent
 * meanwhile is printed, once.
 *
 * STOA_TOKEN=<access token> node docs/examples/subscribe.ts [address, default ws://127.0.0.1:5678/graphql]
 */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

interface Inbox {
  readonly inboxMessages: {
    readonly cursor: string;
    readonly messages: readonly { readonly content: string; readonly sender: { readonly username: string } | null }[];
  };
}

const token = process.env['STOA_TOKEN'];
let cursor: string | null = null;

const client = createClient({
  url: process.argv[2] ?? 'ws://127.0.0.1:5678/graphql',
  webSocketImpl: WebSocket,
  connectionParams: token === undefined ? {} : { authorization: `Bearer ${token}` },
  // The client would subscribe again by itself, but with the variables of the first time: the cursor moves.
  retryAttempts: 0,
});

const query = `subscription ($after: String) {
  inboxMessages(after: $after) { messages { content sender { username } } cursor }
}`;

/** Resolves to whether it makes sense to come back. */
function follow(): Promise<boolean> {
  return new Promise((resolve) => {
    client.subscribe<Inbox>(
      { query, variables: { after: cursor } },
      {
        next({ data }) {
          for (const { content, sender } of data?.inboxMessages.messages ?? []) {
            console.log(`${sender?.username ?? 'somebody'}: ${content}`);
          }
          cursor = data?.inboxMessages.cursor ?? cursor;
        },
        error(error) {
          const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
          // The server refused: the token, the account, or the subscription itself.
          const isRefused = Array.isArray(error) || [4400, 4401, 4403, 4429].includes(Number(code));
          if (isRefused) console.error(error);
          resolve(!isRefused);
        },
        complete: () => resolve(false),
      },
    );
  });
}

while (await follow()) await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1_500));
await client.dispose();
