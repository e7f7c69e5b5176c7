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

export type FirstScreenQueryVariables = Exact<{ [key: string]: never; }>;


export type FirstScreenQuery = { readonly viewer: { readonly id: string, readonly username: string | null, readonly displayName: string | null, readonly avatarUrl: string | null, readonly class: { readonly name: string } | null, readonly profile: { readonly bio: string | null, readonly customStatus: string | null } | null, readonly settings: { readonly theme: string, readonly language: string, readonly timezone: string, readonly presenceVisibility: string, readonly notifications: unknown } | null, readonly presence: { readonly status: string, readonly effectiveStatus: string | null } | null, readonly overview: { readonly sessionRole: string | null, readonly unreadNotificationCount: number | null, readonly unreadMessageCount: string | null, readonly unreadChannelCount: number | null, readonly moderationQueue: { readonly pendingCount: number | null, readonly assignedCount: number | null } | null, readonly friendRequests: ReadonlyArray<{ readonly id: string, readonly requestedAt: string, readonly user: { readonly id: string, readonly username: string | null, readonly avatarUrl: string | null } | null } | null> | null } | null, readonly friends: { readonly nodes: ReadonlyArray<{ readonly since: string | null, readonly friend: { readonly id: string, readonly username: string | null, readonly avatarUrl: string | null, readonly presence: { readonly effectiveStatus: string | null, readonly lastSeenAt: string } | null } | null } | null> }, readonly groupMembers: { readonly nodes: ReadonlyArray<{ readonly nickname: string | null, readonly group: { readonly id: string, readonly name: string, readonly iconUrl: string | null, readonly myPermissions: string | null, readonly channels: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly type: string, readonly position: number, readonly unreadCount: string | null } | null> } } | null } | null> }, readonly forumSubscriptions: { readonly nodes: ReadonlyArray<{ readonly notificationLevel: string, readonly forum: { readonly id: string, readonly slug: string, readonly name: string, readonly iconUrl: string | null, readonly myPermissions: string | null } | null } | null> } } | null, readonly inbox: ReadonlyArray<{ readonly id: string, readonly name: string | null, readonly isGroup: boolean | null, readonly unreadCount: string | null, readonly lastMessageAt: string | null, readonly participants: { readonly nodes: ReadonlyArray<{ readonly user: { readonly id: string, readonly username: string | null, readonly avatarUrl: string | null } | null } | null> } } | null> | null };

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


export type VotePostMutation = { readonly votePost: { readonly tally: { readonly score: number | null, readonly mine: number | null } | null } | null };

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
export const FirstScreenDocument = new TypedDocumentString(`
    query FirstScreen {
  viewer {
    id
    username
    displayName
    avatarUrl
    class {
      name
    }
    profile {
      bio
      customStatus
    }
    settings {
      theme
      language
      timezone
      presenceVisibility
      notifications
    }
    presence {
      status
      effectiveStatus
    }
    overview {
      sessionRole
      unreadNotificationCount
      unreadMessageCount
      unreadChannelCount
      moderationQueue {
        pendingCount
        assignedCount
      }
      friendRequests {
        id
        requestedAt
        user {
          id
          username
          avatarUrl
        }
      }
    }
    friends(first: 50) {
      nodes {
        since
        friend {
          id
          username
          avatarUrl
          presence {
            effectiveStatus
            lastSeenAt
          }
        }
      }
    }
    groupMembers(first: 20) {
      nodes {
        nickname
        group {
          id
          name
          iconUrl
          myPermissions
          channels(first: 50) {
            nodes {
              id
              name
              type
              position
              unreadCount
            }
          }
        }
      }
    }
    forumSubscriptions(first: 50) {
      nodes {
        notificationLevel
        forum {
          id
          slug
          name
          iconUrl
          myPermissions
        }
      }
    }
  }
  inbox(first: 20) {
    id
    name
    isGroup
    unreadCount
    lastMessageAt
    participants(first: 4) {
      nodes {
        user {
          id
          username
          avatarUrl
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FirstScreenQuery, FirstScreenQueryVariables>;
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
    tally {
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