// Written by "npm run examples:generate" from docs/api.md and docs/schema.graphql. Do not edit.

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type SignInMutationVariables = Exact<{
  name: string;
  password: string;
}>;


export type SignInMutation = { readonly signIn: { readonly tokens: { readonly accessToken: string, readonly accessTokenExpiresAt: string, readonly refreshToken: string, readonly expiresAt: string } | null, readonly secondFactor: { readonly token: string, readonly expiresAt: string } | null, readonly user: { readonly id: string, readonly username: string | null } | null } | null };

export type RefreshSessionMutationVariables = Exact<{
  refreshToken: string;
}>;


export type RefreshSessionMutation = { readonly refreshSession: { readonly tokens: { readonly accessToken: string, readonly accessTokenExpiresAt: string, readonly refreshToken: string, readonly expiresAt: string } } | null };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { readonly viewer: { readonly id: string, readonly username: string | null, readonly displayName: string | null, readonly isAnonymous: boolean } | null };

export type ForumPostsQueryVariables = Exact<{
  slug: string;
  first: number;
  after?: string | null | undefined;
}>;


export type ForumPostsQuery = { readonly forumBySlug: { readonly id: string, readonly name: string, readonly posts: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly title: string, readonly score: number, readonly insertedAt: string, readonly author: { readonly username: string | null } | null } | null>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type CreatePostMutationVariables = Exact<{
  forumId: string;
  title: string;
  content?: string | null | undefined;
  key?: string | null | undefined;
}>;


export type CreatePostMutation = { readonly createPost: { readonly post: { readonly id: string, readonly title: string, readonly forum: { readonly slug: string } | null, readonly author: { readonly username: string | null } | null } | null } | null };

export type VotePostMutationVariables = Exact<{
  postId: string;
  direction: number;
}>;


export type VotePostMutation = { readonly votePost: { readonly result: { readonly score: number | null, readonly mine: number | null } | null } | null };

export type CreateUploadMutationVariables = Exact<{
  filename: string;
  contentType: string;
  sizeBytes: string;
}>;


export type CreateUploadMutation = { readonly createUpload: { readonly upload: { readonly id: string, readonly transfer: { readonly url: string, readonly method: string, readonly expiresAt: string, readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string }> } | null } | null } | null };

export type CompleteUploadMutationVariables = Exact<{
  id: string;
}>;


export type CompleteUploadMutation = { readonly completeUpload: { readonly upload: { readonly status: string, readonly contentType: string, readonly width: number | null, readonly height: number | null, readonly url: string | null } | null } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const SignInDocument = new TypedDocumentString(`
    mutation SignIn($name: String!, $password: String!) {
  signIn(input: {name: $name, password: $password}) {
    tokens {
      accessToken
      accessTokenExpiresAt
      refreshToken
      expiresAt
    }
    secondFactor {
      token
      expiresAt
    }
    user {
      id
      username
    }
  }
}
    `) as unknown as TypedDocumentString<SignInMutation, SignInMutationVariables>;
export const RefreshSessionDocument = new TypedDocumentString(`
    mutation RefreshSession($refreshToken: String!) {
  refreshSession(input: {refreshToken: $refreshToken}) {
    tokens {
      accessToken
      accessTokenExpiresAt
      refreshToken
      expiresAt
    }
  }
}
    `) as unknown as TypedDocumentString<RefreshSessionMutation, RefreshSessionMutationVariables>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    id
    username
    displayName
    isAnonymous
  }
}
    `) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const ForumPostsDocument = new TypedDocumentString(`
    query ForumPosts($slug: String!, $first: Int!, $after: Cursor) {
  forumBySlug(slug: $slug) {
    id
    name
    posts(orderBy: HOT, first: $first, after: $after) {
      nodes {
        id
        title
        score
        insertedAt
        author {
          username
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ForumPostsQuery, ForumPostsQueryVariables>;
export const CreatePostDocument = new TypedDocumentString(`
    mutation CreatePost($forumId: UUID!, $title: String!, $content: String, $key: String) {
  createPost(
    input: {forumId: $forumId, title: $title, content: $content, key: $key}
  ) {
    post {
      id
      title
      forum {
        slug
      }
      author {
        username
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CreatePostMutation, CreatePostMutationVariables>;
export const VotePostDocument = new TypedDocumentString(`
    mutation VotePost($postId: UUID!, $direction: Int!) {
  votePost(input: {postId: $postId, direction: $direction}) {
    result {
      score
      mine
    }
  }
}
    `) as unknown as TypedDocumentString<VotePostMutation, VotePostMutationVariables>;
export const CreateUploadDocument = new TypedDocumentString(`
    mutation CreateUpload($filename: String!, $contentType: String!, $sizeBytes: BigInt!) {
  createUpload(
    input: {filename: $filename, contentType: $contentType, sizeBytes: $sizeBytes}
  ) {
    upload {
      id
      transfer {
        url
        method
        headers {
          name
          value
        }
        expiresAt
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CreateUploadMutation, CreateUploadMutationVariables>;
export const CompleteUploadDocument = new TypedDocumentString(`
    mutation CompleteUpload($id: UUID!) {
  completeUpload(input: {id: $id}) {
    upload {
      status
      contentType
      width
      height
      url
    }
  }
}
    `) as unknown as TypedDocumentString<CompleteUploadMutation, CompleteUploadMutationVariables>;