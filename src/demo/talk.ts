/**
 * What people write in a demo. Written for this project, so that a demo needs no data from elsewhere: a title is a
 * pattern with one of the subjects in it, a body some sentences, an answer one or two.
 */
export interface Topic {
  readonly subjects: readonly string[];
  readonly titles: readonly string[];
  readonly bodies: readonly string[];
  readonly answers: readonly string[];
  /** Sites that link posts point at; example domains (RFC 2606). */
  readonly sites: readonly string[];
}

const commonAnswers: readonly string[] = [
  'I had the same question last month.',
  'This. Nothing to add.',
  'Could you say more about {subject}?',
  'I disagree, and I have tried it for a year.',
  'Thank you for writing this up.',
  'Not my experience, but perhaps I was unlucky.',
  'Saving this for the weekend.',
  'The short answer is yes; the long answer is "it depends".',
  'You can do without {subject} entirely.',
  'My neighbour swears by it. My neighbour is often wrong.',
  'Do you have a picture?',
  'It took me three attempts, the third one worked.',
  'Look at the pinned post, half of this is answered there.',
  'That is a good point, I had not thought of it.',
  'How much did it cost, all in all?',
];

export const topics: Readonly<Record<string, Topic>> = {
  announcements: {
    subjects: [
      'the new search',
      'the summer meeting',
      'the rules',
      'quiet hours',
      'the mobile client',
      'last week',
    ],
    titles: [
      'About {subject}',
      'What changes with {subject}',
      '{subject}: what we heard from you',
      'Planned work on {subject}',
    ],
    bodies: [
      'We have read every answer to the last post.',
      'Nothing changes for those who do nothing.',
      'It will take effect on Monday.',
      'If something looks wrong, write in the help forum.',
      'Many thanks to everybody who tested it.',
    ],
    answers: [
      'Good news.',
      'Will there be a summary?',
      'Please keep the old way for those who want it.',
      'Finally.',
    ],
    sites: ['news.example.org'],
  },
  general: {
    subjects: [
      'the book you gave up on',
      'Sunday',
      'the neighbourhood',
      'small talk',
      'board games',
      'the weather',
      'keeping a diary',
      'old photographs',
      'the night train',
      'learning to draw',
    ],
    titles: [
      'What do you think of {subject}?',
      'Something nice about {subject}',
      'An honest question about {subject}',
      'Nobody talks about {subject}',
      '{subject}: a short story',
      'Tell me I am not alone with {subject}',
      'Introduce yourself with {subject}',
    ],
    bodies: [
      'I have been a member for a while and never posted.',
      'Yesterday I noticed that I know nothing about {subject}.',
      'There must be somebody here who knows.',
      'I will start: it made my week.',
      'No advice needed, I only want to hear your stories.',
      'Be gentle, it is my first post.',
    ],
    answers: [
      'Welcome!',
      'I laughed out loud on the bus.',
      'We should meet about {subject}.',
      'My grandmother used to say the same.',
    ],
    sites: ['stories.example.net', 'www.example.com'],
  },
  help: {
    subjects: [
      'notifications',
      'my avatar',
      'a second device',
      'the blocked list',
      'search',
      'a forgotten post',
      'exporting my data',
      'dark mode',
    ],
    titles: [
      'How do I change {subject}?',
      '{subject} does not do what I expect',
      'Where did {subject} go?',
      'Wish: a better {subject}',
      'Solved: trouble with {subject}',
    ],
    bodies: [
      'I have looked through the settings twice.',
      'It worked yesterday.',
      'The same happens on my phone.',
      'What I expected: one click. What I got: three.',
      'Steps: open the page, choose {subject}, wait.',
    ],
    answers: [
      'Settings, second page, at the bottom.',
      'Sign out and in again, that helped here.',
      'A moderator will know.',
      'It is on the list, see the announcements.',
    ],
    sites: ['guide.example.org'],
  },
  'home-cooking': {
    subjects: [
      'sourdough',
      'lentils',
      'a cast-iron pan',
      'fermented cabbage',
      'cardamom',
      'the freezer',
      'knives',
      'leftover rice',
      'tomatoes',
      'a soup for twelve',
      'burnt butter',
      'dumplings',
    ],
    titles: [
      'What are you doing with {subject}?',
      'I finally understand {subject}',
      '{subject}: three mistakes I made',
      'Cheap and good: {subject}',
      'Help me with {subject} before six',
      'In praise of {subject}',
      'My notes on {subject}',
      'Is {subject} worth it?',
    ],
    bodies: [
      'The recipe says twenty minutes; the recipe lies.',
      'I used half the salt and twice the time.',
      'It keeps for a week if nobody finds it.',
      'The smell alone was worth it.',
      'First, everything goes into the big pot. Then you wait.',
      'Measured by hand, so take the figures with a spoon of {subject}.',
      'The children ate it, which is the only review that counts.',
    ],
    answers: [
      'Lower heat, longer time.',
      'Add acid at the end, not at the start.',
      'Toast it first.',
      'I would leave out {subject} and double the onions.',
      'Mine collapsed in the middle.',
    ],
    sites: ['recipes.example.org', 'kitchen.example.net'],
  },
  'city-cycling': {
    subjects: [
      'the bridge',
      'winter tyres',
      'a child seat',
      'the new lane',
      'panniers',
      'a stolen light',
      'cobblestones',
      'the number 14 tram',
      'hub gears',
      'the hill by the station',
    ],
    titles: [
      'How do you deal with {subject}?',
      '{subject}, after a thousand kilometres',
      'A year of commuting: {subject}',
      'Warning about {subject}',
      'Which way around {subject}?',
      'Photo: {subject} this morning',
      '{subject} is better than its reputation',
    ],
    bodies: [
      'Twelve kilometres each way, in every weather.',
      'The surface is fine, the crossing is not.',
      'I reported it, and they fixed it within a week.',
      'If you start before seven you have it to yourself.',
      'It weighs more than it looks.',
      'Two flat tyres in a month, both at {subject}.',
    ],
    answers: [
      'Take the canal instead.',
      'I ride that every day, mornings are fine.',
      'Check the pressure first.',
      'A mirror changed everything for me.',
      'They are rebuilding it in spring.',
    ],
    sites: ['maps.example.org', 'rides.example.com'],
  },
};

/** What people say to each other in passing. */
export const chat: readonly string[] = [
  'Are you coming on Sunday?',
  'I am on the tram, ten minutes.',
  'That made my day.',
  'Who has the key?',
  'Let us say half past six.',
  'No idea, ask the neighbour.',
  'I brought too much bread again.',
  'Can somebody send me the address?',
  'It is raining here. Of course it is.',
  'Sounds good!',
  'I would rather stay in tonight.',
  'Did you hear about the bridge?',
  'Same time as last week?',
  'I found your umbrella.',
  'The second one was better.',
  'Give me an hour.',
  'Thank you, that helped a lot.',
  'I will believe it when I see it.',
  'There is soup if anybody is hungry.',
  'Look what I found in the cellar.',
  'Yes.',
  'Not yet, but soon.',
  'I laughed so much that the cat left.',
  'Could you say that again, slowly?',
  'My phone is almost empty.',
  'Next month, then.',
  'It was closed when I got there.',
  'Good morning, everybody.',
  'Wait, which Thursday?',
  'I have written it on the list.',
  'You were right about the paint.',
  'Good night!',
];

export function topicOf(slug: string): Topic {
  const topic = topics[slug] ?? topics['general'];
  if (!topic) throw new Error('there is nothing to talk about');
  return topic;
}

/** Fills the subject in, and starts with a capital letter. */
export function phrase(pattern: string, subject: string): string {
  const text = pattern.replaceAll('{subject}', subject);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function answersOf(topic: Topic): readonly string[] {
  return [...topic.answers, ...commonAnswers];
}
