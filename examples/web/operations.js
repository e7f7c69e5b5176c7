/** Everything that this page asks the API. Checked against docs/schema.graphql by `npm run examples:check`. */

export const viewer = /* GraphQL */ `
  query Viewer {
    viewer { id username displayName isAnonymous }
  }
`;

export const register = /* GraphQL */ `
  mutation Register($email: String!, $password: String!, $username: String!) {
    register(input: { email: $email, password: $password, username: $username }) { accepted }
  }
`;

export const registerAnonymous = /* GraphQL */ `
  mutation RegisterAnonymous($displayName: String) {
    registerAnonymous(input: { displayName: $displayName }) {
      tokens { accessToken accessTokenExpiresAt refreshToken }
    }
  }
`;

export const signIn = /* GraphQL */ `
  mutation SignIn($name: String!, $password: String!) {
    signIn(input: { name: $name, password: $password }) {
      tokens { accessToken accessTokenExpiresAt refreshToken }
      secondFactor { token }
    }
  }
`;

export const completeSignIn = /* GraphQL */ `
  mutation CompleteSignIn($token: String!, $totpCode: String!) {
    completeSignIn(input: { token: $token, totpCode: $totpCode }) {
      tokens { accessToken accessTokenExpiresAt refreshToken }
    }
  }
`;

export const refreshSession = /* GraphQL */ `
  mutation RefreshSession($refreshToken: String) {
    refreshSession(input: { refreshToken: $refreshToken }) {
      tokens { accessToken accessTokenExpiresAt refreshToken }
    }
  }
`;

export const signOut = /* GraphQL */ `
  mutation SignOut { signOut(input: {}) { ended } }
`;

export const verifyEmail = /* GraphQL */ `
  mutation VerifyEmail($token: String!) { verifyEmail(input: { token: $token }) { done } }
`;

export const confirmEmailChange = /* GraphQL */ `
  mutation ConfirmEmailChange($token: String!) { confirmEmailChange(input: { token: $token }) { done } }
`;

export const requestPasswordReset = /* GraphQL */ `
  mutation RequestPasswordReset($email: String!) { requestPasswordReset(input: { email: $email }) { accepted } }
`;

export const resetPassword = /* GraphQL */ `
  mutation ResetPassword($token: String!, $newPassword: String!) {
    resetPassword(input: { token: $token, newPassword: $newPassword }) { done }
  }
`;

export const forums = /* GraphQL */ `
  query Forums {
    forums(orderBy: POPULAR, first: 100) { nodes { id name slug } }
  }
`;

const postFields = /* GraphQL */ `
  fragment PostFields on Post {
    id title content linkUrl score myVote commentCount insertedAt
    author { id username displayName }
    forum { id name }
  }
`;

export const posts = /* GraphQL */ `
  query Posts($orderBy: PostOrderBy!, $after: Cursor) {
    posts(orderBy: $orderBy, first: 20, after: $after) {
      nodes { ...PostFields }
      pageInfo { hasNextPage endCursor }
    }
  }
  ${postFields}
`;

export const forumPosts = /* GraphQL */ `
  query ForumPosts($forumId: UUID!, $orderBy: PostOrderBy!, $after: Cursor) {
    forum(id: $forumId) {
      posts(orderBy: $orderBy, first: 20, after: $after) {
        nodes { ...PostFields }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
  ${postFields}
`;

export const createPost = /* GraphQL */ `
  mutation CreatePost($forumId: UUID!, $title: String!, $content: String, $key: String!) {
    createPost(input: { forumId: $forumId, title: $title, content: $content, key: $key }) { post { ...PostFields } }
  }
  ${postFields}
`;

export const votePost = /* GraphQL */ `
  mutation VotePost($postId: UUID!, $direction: Int!) {
    votePost(input: { postId: $postId, direction: $direction }) { tally { score mine } }
  }
`;

export const myGroups = /* GraphQL */ `
  query MyGroups {
    viewer { groupMembers(first: 100) { nodes { group { id name } } } }
  }
`;

export const publicGroups = /* GraphQL */ `
  query PublicGroups { discoverGroups(first: 50) { id name } }
`;

export const channels = /* GraphQL */ `
  query Channels($groupId: UUID!) {
    channels(filter: { groupId: { equalTo: $groupId } }, first: 100) { nodes { id name type position } }
  }
`;

export const createGroup = /* GraphQL */ `
  mutation CreateGroup($name: String!) {
    createGroup(input: { name: $name, isPublic: true }) { group { id name } }
  }
`;

export const joinGroup = /* GraphQL */ `
  mutation JoinGroup($groupId: UUID!) { joinGroup(input: { groupId: $groupId }) { groupMember { userId } } }
`;

const messageFields = /* GraphQL */ `
  fragment MessageFields on ChannelMessage {
    id type content insertedAt editedAt
    sender { id username displayName }
  }
`;

export const newestMessages = /* GraphQL */ `
  query NewestMessages($channelId: UUID!) {
    channel(id: $channelId) { messages(orderBy: NEW, first: 50) { nodes { ...MessageFields } } }
  }
  ${messageFields}
`;

export const sendChannelMessage = /* GraphQL */ `
  mutation SendChannelMessage($channelId: UUID!, $content: String!, $key: String!) {
    sendChannelMessage(input: { channelId: $channelId, content: $content, key: $key }) {
      channelMessage { ...MessageFields }
    }
  }
  ${messageFields}
`;

export const channelMessages = /* GraphQL */ `
  subscription ChannelMessages($channelId: UUID!, $after: String) {
    channelMessages(channelId: $channelId, after: $after) {
      messages { ...MessageFields }
      changedMessages { ...MessageFields }
      removedMessageIds
      cursor
    }
  }
  ${messageFields}
`;
