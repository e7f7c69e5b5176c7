import { createClient } from '/web/graphql-ws/client.js';
import { ApiError, accessToken, ask, inCookie } from './api.js';
import * as operations from './operations.js';

const pollMs = 3_000;
/** How often, while polling, a socket is tried again. */
const pollsBeforeSocket = 10;

/**
 * Follows a channel: the newest messages at once, then what comes. By WebSocket; by asking every few seconds where there
 * is none (a proxy that lets none through, a server without). Returns what ends it.
 *
 * onMessages: some of them may be known already, and one may come again because it was edited.
 * onState: connecting, live, polling or ended, the last with what went wrong.
 */
export function follow(channelId, { onMessages, onRemoved, onState }) {
  let isOver = false;
  let end = () => {};
  let cursor = null;

  const catchUp = async () => {
    const { channel } = await ask(operations.newestMessages, { channelId });
    if (isOver) return;
    if (!channel)
      throw new ApiError({
        message: 'This channel is not there any more.',
        extensions: { code: 'NOT_FOUND' },
      });
    onMessages(channel.messages.nodes);
  };

  const onEvent = (event) => {
    onMessages([...event.messages, ...event.changedMessages]);
    onRemoved(event.removedMessageIds);
  };

  /** One connection, until it ends. Says how it ended. */
  const listen = () =>
    new Promise((resolve) => {
      let isFirst = cursor === null;
      const client = createClient({
        url: new URL('/graphql', location.href.replace(/^http/, 'ws')).href,
        // The client would come back with the variables of the first time; the cursor has moved since.
        retryAttempts: 0,
        connectionParams: async () => {
          const token = await accessToken();
          return token === undefined ? {} : { authorization: `Bearer ${token}` };
        },
      });
      let unsubscribe = () => {};
      const finish = (outcome) => {
        resolve(outcome);
        // The client closes the socket after its last subscription.
        unsubscribe();
      };
      end = () => finish('over');
      unsubscribe = client.subscribe(
        { query: operations.channelMessages, variables: { channelId, after: cursor } },
        {
          next({ data, errors }) {
            if (isOver) return;
            if (errors) {
              finish({ errors });
              return;
            }
            onState('live');
            onEvent(data.channelMessages);
            cursor = data.channelMessages.cursor;
            // It listens from here on; what came before is on the page that is read now.
            if (isFirst) catchUp().catch(() => finish('lost'));
            isFirst = false;
          },
          error: (error) => finish(Array.isArray(error) ? { errors: error } : { code: error?.code }),
          complete: () => finish('lost'),
        },
      );
    });

  const poll = async () => {
    onState('polling');
    for (let count = 0; count < pollsBeforeSocket && !isOver; count += 1) {
      await pause(pollMs);
      if (isOver || document.hidden) continue;
      try {
        await catchUp();
      } catch (error) {
        if (error.code !== 'UNREACHABLE') throw error;
      }
    }
  };

  const run = async () => {
    onState('connecting');
    await catchUp();
    let failures = 0;
    while (!isOver) {
      if ((await accessToken()) === inCookie) {
        // A socket is signed in by a token, which this page then never sees.
        await poll();
        continue;
      }
      const was = cursor;
      const outcome = await listen();
      if (isOver) return;
      if (outcome.errors) {
        const error = new ApiError(outcome.errors[0]);
        if (error.code === 'FORBIDDEN' || error.code === 'NOT_FOUND') throw error;
        await poll();
      } else if (outcome.code === 4401) {
        await accessToken({ insteadOf: await accessToken() });
        failures += 1;
      } else if (cursor === was) failures += 1;
      else failures = 0;
      if (failures > 0) {
        // It never listened, or not this time: what matters is that messages arrive.
        await poll();
        failures = 0;
      } else if (!outcome.errors) {
        onState('connecting');
        await pause(500 + Math.random() * 1_500);
      }
    }
  };

  run().catch((error) => {
    if (!isOver) onState('ended', error);
  });

  return () => {
    isOver = true;
    end();
  };
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
