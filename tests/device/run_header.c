// Runs the model of an exported header with LiteRT's C library, as a program on a device would.
// In: images, uint8, one after the other. Out: scores, int8, for each image. Argument "names": the
// names of the classes instead, each with its zero byte; "bytes": the model.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model_int8.h"

#define PIXELS (MODEL_INT8_HEIGHT * MODEL_INT8_WIDTH * MODEL_INT8_CHANNELS)
#define CHECK(call)                        \
  do {                                     \
    int status = (call);                   \
    if (status) {                          \
      fprintf(stderr, "%s: %d\n", #call, status); \
      return 1;                            \
    }                                      \
  } while (0)

// As declared in LiteRT's litert/c; the package for Python has the library, but not its headers.
typedef void *Handle;
typedef struct {
  int type;  // 3: uint8, 9: int8
  unsigned rank : 7;
  bool has_strides : 1;
  int32_t dimensions[8];
  uint32_t strides[8];
} TensorType;
int LiteRtCreateEnvironment(int count, const void *options, Handle *environment);
int LiteRtCreateModelFromBuffer(Handle environment, const void *, size_t, Handle *model);
int LiteRtCreateOptions(Handle *options);
int LiteRtSetOptionsHardwareAccelerators(Handle options, int accelerators);
int LiteRtCreateCompiledModel(Handle environment, Handle model, Handle options, Handle *compiled);
int LiteRtGetCompiledModelInputBufferRequirements(Handle compiled, size_t, size_t, Handle *);
int LiteRtGetCompiledModelOutputBufferRequirements(Handle compiled, size_t, size_t, Handle *);
int LiteRtCreateManagedTensorBufferFromRequirements(Handle, const TensorType *, Handle, Handle *);
int LiteRtLockTensorBuffer(Handle buffer, void **memory, int mode);
int LiteRtUnlockTensorBuffer(Handle buffer);
int LiteRtRunCompiledModel(Handle compiled, size_t, size_t, Handle *in, size_t, Handle *out);

static int run(void) {
  Handle environment, model, options, compiled, needed, in, out;
  CHECK(LiteRtCreateEnvironment(0, NULL, &environment));
  CHECK(LiteRtCreateModelFromBuffer(environment, model_int8, MODEL_INT8_SIZE, &model));
  CHECK(LiteRtCreateOptions(&options));
  CHECK(LiteRtSetOptionsHardwareAccelerators(options, 1));  // the CPU
  CHECK(LiteRtCreateCompiledModel(environment, model, options, &compiled));
  TensorType image_type = {3, MODEL_INT8_CHANNELS == 1 ? 3 : 4, false,
    {1, MODEL_INT8_HEIGHT, MODEL_INT8_WIDTH, MODEL_INT8_CHANNELS}, {0}};
  TensorType score_type = {9, 2, false, {1, MODEL_INT8_CLASSES}, {0}};
  CHECK(LiteRtGetCompiledModelInputBufferRequirements(compiled, 0, 0, &needed));
  CHECK(LiteRtCreateManagedTensorBufferFromRequirements(environment, &image_type, needed, &in));
  CHECK(LiteRtGetCompiledModelOutputBufferRequirements(compiled, 0, 0, &needed));
  CHECK(LiteRtCreateManagedTensorBufferFromRequirements(environment, &score_type, needed, &out));
  static uint8_t image[PIXELS];
  while (fread(image, 1, PIXELS, stdin) == PIXELS) {
    void *memory;
    CHECK(LiteRtLockTensorBuffer(in, &memory, 1));
    memcpy(memory, image, PIXELS);
    CHECK(LiteRtUnlockTensorBuffer(in));
    CHECK(LiteRtRunCompiledModel(compiled, 0, 1, &in, 1, &out));
    CHECK(LiteRtLockTensorBuffer(out, &memory, 0));
    fwrite(memory, 1, MODEL_INT8_CLASSES, stdout);
    CHECK(LiteRtUnlockTensorBuffer(out));
  }
  return 0;
}

int main(int count, char **arguments) {
  if (count == 1) return run();
  if (!strcmp(arguments[1], "bytes")) fwrite(model_int8, 1, MODEL_INT8_SIZE, stdout);
#ifdef HAS_NAMES
  for (int i = 0; i < MODEL_INT8_CLASSES && !strcmp(arguments[1], "names"); i++)
    fwrite(model_int8_class_names[i], 1, strlen(model_int8_class_names[i]) + 1, stdout);
#endif
  return 0;
}
