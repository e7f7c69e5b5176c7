/** The operations of the traffic, as a page or an app would send them. */

export const hotFeed = /* GraphQL */ `
  query HotFeed($forumId: UUID!) {
    forum(id: $forumId) {
      name
      posts(orderBy: HOT, first: 25) {
        nodes { id title score commentCount insertedAt author { id username displayName } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`;

export const messagesPage = /* GraphQL */ `
  query MessagesPage($conversationId: UUID!) {
    conversation(id: $conversationId) { id }
    conversationFeed(conversationId: $conversationId, first: 30) { id content insertedAt sender { id username } }
  }
`;

export const overview = /* GraphQL */ `
  query Overview {
    viewer { id username displayName }
    inbox(first: 20) { id }
    notifications(first: 20) { nodes { id } }
  }
`;

export const channelPage = /* GraphQL */ `
  query ChannelPage($channelId: UUID!) {
    channel(id: $channelId) {
      messages(orderBy: NEW, first: 30) { nodes { id content sender { id username } } }
    }
  }
`;

export const sendMessage = /* GraphQL */ `
  mutation SendMessage($conversationId: UUID!, $content: String!, $key: String!) {
    sendMessage(input: { conversationId: $conversationId, content: $content, key: $key }) { message { id } }
  }
`;

export const sendChannelMessage = /* GraphQL */ `
  mutation SendChannelMessage($channelId: UUID!, $content: String!, $key: String!) {
    sendChannelMessage(input: { channelId: $channelId, content: $content, key: $key }) { channelMessage { id } }
  }
`;

export const ackChannel = /* GraphQL */ `
  mutation AckChannel($channelId: UUID!, $messageId: UUID!) {
    ackChannel(input: { channelId: $channelId, messageId: $messageId }) { clientMutationId }
  }
`;

export const votePost = /* GraphQL */ `
  mutation VotePost($postId: UUID!, $direction: Int!) {
    votePost(input: { postId: $postId, direction: $direction }) { tally { score mine } }
  }
`;

export const createComment = /* GraphQL */ `
  mutation CreateComment($postId: UUID!, $content: String!, $key: String!) {
    createComment(input: { postId: $postId, content: $content, key: $key }) { comment { id } }
  }
`;

export const signIn = /* GraphQL */ `
  mutation SignIn($name: String!, $password: String!) {
    signIn(input: { name: $name, password: $password }) { user { id } tokens { accessToken } }
  }
`;

export const conversationMessages = /* GraphQL */ `
  subscription ConversationMessages($id: UUID!, $after: String) {
    feed: conversationMessages(conversationId: $id, after: $after) { messages { id } cursor }
  }
`;

export const channelMessages = /* GraphQL */ `
  subscription ChannelMessages($id: UUID!, $after: String) {
    feed: channelMessages(channelId: $id, after: $after) { messages { id } cursor }
  }
`;
