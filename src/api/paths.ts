export const graphqlPath = '/graphql';
export const explorerPath = '/explorer';
export const explorerStaticPath = '/explorer-static/';
