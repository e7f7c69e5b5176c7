/**
 * The nested feed as a GraphQL server that is written by hand: graphql-js over node:http, a resolver for each field that
 * reads, one SQL statement for each level of the question however many rows it has (what DataLoader does). Parsed and
 * validated queries are kept, statements are prepared, and one transaction of a visitor under row security holds
 * all of a request: it does what a careful team would do, and knows only these four tables.
 *
 * DATABASE_URL=… node bench/harness/hand-written-graphql.ts      prints its port
 */
import { createServer } from 'node:http';
import { buildSchema, type DocumentNode, execute, type GraphQLSchema, parse, validate } from 'graphql';
import pg from 'pg';
import { z } from 'zod';

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });

const schema: GraphQLSchema = buildSchema(/* GraphQL */ `
  type Query {
    forumBySlug(slug: String!): Forum
  }
  enum PostOrder {
    HOT
  }
  enum CommentOrder {
    NEW
  }
  type Forum {
    name: String!
    slug: String!
    posts(orderBy: PostOrder, first: Int = 25): PostConnection!
  }
  type PostConnection {
    nodes: [Post!]!
  }
  type Post {
    title: String!
    score: Int!
    commentCount: Int!
    forum: Forum
    author: User
    comments(orderBy: CommentOrder, first: Int = 25): CommentConnection!
  }
  type CommentConnection {
    nodes: [Comment!]!
  }
  type Comment {
    content: String
    author: User
  }
  type User {
    username: String!
  }
`);

/** Collects what the resolvers of one level ask for, and asks the database once. */
class Loader<Key, Value> {
  readonly #load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;
  readonly #known = new Map<Key, Promise<Value | undefined>>();
  #waiting: Key[] = [];
  #loading: Promise<ReadonlyMap<Key, Value>> | undefined;

  constructor(load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>) {
    this.#load = load;
  }

  get(key: Key): Promise<Value | undefined> {
    const known = this.#known.get(key);
    if (known) return known;
    this.#waiting.push(key);
    // After all resolvers that can run by now have asked.
    this.#loading ??= new Promise((resolve) => process.nextTick(resolve)).then(() => {
      const keys = this.#waiting;
      this.#waiting = [];
      this.#loading = undefined;
      return this.#load(keys);
    });
    const found = this.#loading.then((values) => values.get(key));
    this.#known.set(key, found);
    return found;
  }
}

interface ForumRow {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
}

interface PostRow {
  readonly id: string;
  readonly forum_id: string;
  readonly author_id: string;
  readonly title: string;
  readonly score: number;
  readonly comment_count: number;
}

interface CommentRow {
  readonly post_id: string;
  readonly author_id: string;
  readonly content: string;
}

class Request {
  readonly #client: pg.PoolClient;
  readonly #authors: Loader<string, { readonly username: string }>;
  readonly #comments: Loader<string, CommentRow[]>;
  #firstComments = 0;

  constructor(client: pg.PoolClient) {
    this.#client = client;
    this.#authors = new Loader(async (ids) => {
      const rows = await this.#rows<{ id: string; username: string }>(
        'authors',
        'select id, username from core.users where id = any($1)',
        [[...ids]],
      );
      return new Map(rows.map((row) => [row.id, row]));
    });
    this.#comments = new Loader(async (ids) => {
      const rows = await this.#rows<CommentRow>(
        'comments',
        `select shown.* from unnest($1::uuid[]) as post (id) cross join lateral (
           select post_id, author_id, content from forums.comments
           where post_id = post.id order by id desc limit $2
         ) as shown`,
        [[...ids], this.#firstComments],
      );
      return new Map(ids.map((id) => [id, rows.filter(({ post_id }) => post_id === id)]));
    });
  }

  async #rows<Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<Row[]> {
    return (await this.#client.query<Row>({ name, text, values })).rows;
  }

  async forum(slug: string): Promise<object | null> {
    const [row] = await this.#rows<ForumRow>(
      'forum',
      'select id, name, slug from forums.forums where slug = $1',
      [slug],
    );
    return row === undefined ? null : this.#forum(row);
  }

  #forum(row: ForumRow): object {
    return {
      ...row,
      posts: async ({ first }: { readonly first: number }) => ({
        nodes: (
          await this.#rows<PostRow>(
            'posts',
            `select id, forum_id, author_id, title, score, comment_count from forums.posts
             where forum_id = $1 and deleted_at is null order by hot_rank desc, id desc limit $2`,
            [row.id, first],
          )
        ).map((post) => this.#post(post, row)),
      }),
    };
  }

  #post(row: PostRow, forum: ForumRow): object {
    return {
      title: row.title,
      score: row.score,
      commentCount: row.comment_count,
      forum: () => this.#forum(forum),
      author: () => this.#authors.get(row.author_id),
      comments: async ({ first }: { readonly first: number }) => {
        this.#firstComments = first;
        const nodes = (await this.#comments.get(row.id)) ?? [];
        return {
          nodes: nodes.map(({ content, author_id: authorId }) => ({
            content,
            author: () => this.#authors.get(authorId),
          })),
        };
      },
    };
  }
}

const documents = new Map<string, DocumentNode>();

function documentOf(text: string): DocumentNode {
  const known = documents.get(text);
  if (known) return known;
  const document = parse(text);
  const [error] = validate(schema, document);
  if (error) throw error;
  documents.set(text, document);
  return document;
}

const bodyShape = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()).optional() });

async function answer(body: string): Promise<string> {
  const { query, variables } = bodyShape.parse(JSON.parse(body));
  const document = documentOf(query);
  const client = await pool.connect();
  try {
    await client.query("begin; set local role stoa_anonymous; set local stoa.user_id = ''");
    const request = new Request(client);
    const result = await execute({
      schema,
      document,
      rootValue: { forumBySlug: ({ slug }: { readonly slug: string }) => request.forum(slug) },
      ...(variables ? { variableValues: variables } : {}),
    });
    await client.query('commit');
    return JSON.stringify(result);
  } finally {
    client.release();
  }
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => {
      answer(Buffer.concat(chunks).toString('utf8')).then(
        (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(body),
        (error: Error) => response.writeHead(500).end(error.message),
      );
    });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' ? address?.port : address);
});
