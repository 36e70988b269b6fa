/** Who said something, by the channels of the recording: the caller is left, what the caller hears is right. */
export type Speaker = 'caller' | 'agent';

/** How the caller went away. */
export type Sentiment = 'positive' | 'neutral' | 'negative' | 'mixed';
