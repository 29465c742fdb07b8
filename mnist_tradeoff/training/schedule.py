"""How the learning rate goes up and down."""

from mnist_tradeoff.training.backend import keras, tf

# One-cycle, with Adam's betas of 0.7 and 0.9 for short trainings: as tuomaso/train_mnist_fast.
WARM_UP = 0.3


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Linear from zero to the peak, then linear to zero at the last step (Smith, 2018)."""

    def __init__(self, peak: float, steps: int):
        self.peak, self.steps = peak, steps

    def __call__(self, step):
        step = tf.cast(step, tf.float32)
        warm_up = max(1.0, WARM_UP * self.steps)
        rising = (step + 1) / warm_up
        falling = (self.steps - step) / max(1.0, self.steps - warm_up)
        return self.peak * tf.minimum(rising, falling)

    def get_config(self) -> dict:
        return {"peak": self.peak, "steps": self.steps}
