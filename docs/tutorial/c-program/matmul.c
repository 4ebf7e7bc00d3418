/* Multiply two matrices in square blocks and print the sum of every row of the product. */
#include <stdio.h>
#include <stdlib.h>

#define N 384

/* Edge of a block: three blocks should fit into the first-level cache. */
static const int BLOCK = 4;

static double a[N][N], b[N][N], c[N][N];

static void fill(void)
{
    unsigned state = 12345u;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            state = state * 1664525u + 1013904223u;
            a[i][j] = (state >> 8) / 16777216.0;
            b[j][i] = (state & 0xffffffu) / 16777216.0;
        }
}

static int least(int x, int y) { return x < y ? x : y; }

static void multiply(void)
{
    for (int i0 = 0; i0 < N; i0 += BLOCK)
        for (int k0 = 0; k0 < N; k0 += BLOCK)
            for (int j0 = 0; j0 < N; j0 += BLOCK)
                for (int i = i0; i < least(i0 + BLOCK, N); i++)
                    for (int k = k0; k < least(k0 + BLOCK, N); k++)
                        for (int j = j0; j < least(j0 + BLOCK, N); j++)
                            c[i][j] += a[i][k] * b[k][j];
}

int main(int argc, char **argv)
{
    fill();
    multiply();
    FILE *out = argc > 1 ? fopen(argv[1], "w") : stdout;
    if (!out) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    fprintf(out, "row,sum\n");
    for (int i = 0; i < N; i++) {
        double sum = 0.0;
        for (int j = 0; j < N; j++)
            sum += c[i][j];
        fprintf(out, "%d,%.17g\n", i, sum);
    }
    return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
