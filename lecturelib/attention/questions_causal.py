"""The quiz of part 7c: next tokens, drawing from them, reading from left to right; `questions_three_kinds` goes on."""

from lecturelib.attention.questions_three_kinds import FURTHER_QUESTIONS
from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "A model gives every token of a sentence of five tokens the probability 1/4. What is its perplexity on it?",
        (
            Answer(
                "4: as uncertain as a choice among four.",
                True,
                "The mean of -log p is log 4, and exp of that is 4, however long the sentence is.",
            ),
            Answer(
                "20: five tokens of four choices each.",
                False,
                "Perplexity is of a token: the mean of -log p, not the sum, is put into exp.",
            ),
            Answer(
                "1/1024: the probability of the whole sentence.",
                False,
                "That is p of the sentence. The perplexity is its fifth root, inverted: 4.",
            ),
        ),
    ),
    Question(
        "Model A has perplexity 25 and reads letters, model B has perplexity 40 and reads words. Which is better?",
        (
            Answer(
                "That cannot be said: they predict different tokens.",
                True,
                "A letter is easier to predict than a word. Compare them by the log p of the same whole text.",
            ),
            Answer(
                "Model A, since its perplexity is lower by fifteen.",
                False,
                "Only perplexities over the same tokens of the same text can be compared.",
            ),
            Answer(
                "Model B, since words carry more meaning than letters.",
                False,
                "What a token means does not enter: perplexities over different tokens are not comparable.",
            ),
        ),
    ),
    Question(
        "Four tokens have 40, 30, 20 and 10 %. What is left by the nucleus of 0.65?",
        (
            Answer(
                "The first two, with 57 and 43 %.",
                True,
                "40 is not enough, 40 + 30 is at least 65 %. Divided by their sum of 0.7 they are 4/7 and 3/7.",
            ),
            Answer(
                "The first one, with 100 %.",
                False,
                "The smallest set that reaches at least 0.65 is kept, so the second still belongs to it.",
            ),
            Answer(
                "The first two, with 40 and 30 %.",
                False,
                "What remains is divided by its sum, so that it is a distribution again.",
            ),
        ),
    ),
    Question(
        "What does a temperature of 0.5 change?",
        (
            Answer(
                "Likely tokens become likelier, in the same order.",
                True,
                "Scores are doubled before the softmax: ratios of probabilities are squared, and the order stays.",
            ),
            Answer(
                "All probabilities are halved, END gets the rest.",
                False,
                "The scores are divided, not the probabilities; the softmax makes them sum to one.",
            ),
            Answer(
                "The weights: the network knows the text better.",
                False,
                "No weight changes: the same scores are turned into other probabilities.",
            ),
        ),
    ),
    Question(
        "In a causal model the eighth word of a sentence is replaced. Which scores change?",
        (
            Answer(
                "Those after the eighth word and after later ones.",
                True,
                "Earlier positions cannot attend to it in any layer, so their scores stay to the last digit.",
            ),
            Answer(
                "All of them, as every layer mixes the words.",
                False,
                "Each layer is masked: also through several layers nothing later reaches an earlier position.",
            ),
            Answer(
                "Only those after the eighth word itself, not after later ones.",
                False,
                "Later words attend to it, so their scores change, too.",
            ),
        ),
    ),
    Question(
        "Why can all positions of a sentence be trained at once?",
        (
            Answer(
                "The mask hides from each position what it has to predict.",
                True,
                "Position t sees the true tokens up to t and predicts t + 1, whatever the others do.",
            ),
            Answer(
                "The network predicts its own words first and learns from these.",
                False,
                "In training it reads the true tokens (teacher forcing), not its own.",
            ),
            Answer(
                "The positional encoding tells each the next word.",
                False,
                "It says where a word stands, not which one comes next.",
            ),
        ),
    ),
    *FURTHER_QUESTIONS,
)
