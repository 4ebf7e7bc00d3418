//! Inputs of a batch: numbers, arrays and broadcast strided views, read without copying.

use std::ops::Range;

use crate::shape::MAX_NDIM;

/// Most axes of a strided view after adjacent axes have been merged.
pub const MAX_AXES: usize = 8;

/// One input of a batch.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// The same number in every row.
    Constant(f64),
    /// One number per row, next to each other.
    Contiguous(&'a [f64]),
    /// A broadcast view of doubles.
    Strided(&'a Strided<'a, f64>),
    /// A broadcast view of single-precision numbers.
    Single(&'a Strided<'a, f32>),
    /// A broadcast view of truth values, read as 1 and 0.
    Flag(&'a Strided<'a, u8>),
}

/// A view over `data`: element `(i, j, ...)` is `data[start + i strides[0] + j strides[1] + ...]`.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a, T> {
    data: &'a [T],
    start: usize,
    axes: usize,
    shape: [usize; MAX_AXES],
    strides: [isize; MAX_AXES],
}

impl<'a, T: Copy> Strided<'a, T> {
    /// Return a view of `shape` over `data`; axes that lie seamlessly in memory are merged.
    ///
    /// Returns `None` if more than [`MAX_AXES`] axes remain or an element lies outside `data`.
    #[must_use]
    pub fn new(data: &'a [T], start: usize, shape: &[usize], strides: &[isize]) -> Option<Self> {
        let mut view = Self {
            data,
            start,
            axes: 0,
            shape: [1; MAX_AXES],
            strides: [0; MAX_AXES],
        };
        for (&extent, &stride) in shape.iter().zip(strides) {
            if extent != 1 {
                view.push(extent, stride)?;
            }
        }
        view.is_inside().then_some(view)
    }

    /// Return the view of an array with `own` extents and `strides`, broadcast to `extents`.
    ///
    /// Returns `None` as [`Self::new`] does.
    #[must_use]
    pub fn broadcast(
        (data, start): (&'a [T], usize),
        (own, strides): (&[usize], &[isize]),
        extents: &[usize],
    ) -> Option<Self> {
        let mut widened = [0; MAX_NDIM];
        let added = extents.len().checked_sub(own.len())?;
        for (axis, (&extent, &stride)) in own.iter().zip(strides).enumerate() {
            widened[added + axis] = if extent == 1 { 0 } else { stride };
        }
        Self::new(data, start, extents, &widened[..extents.len()])
    }

    fn push(&mut self, extent: usize, stride: isize) -> Option<()> {
        if self.axes > 0 {
            let last = self.axes - 1;
            if self.strides[last] == stride.checked_mul(extent.cast_signed())? {
                self.shape[last] = self.shape[last].checked_mul(extent)?;
                self.strides[last] = stride;
                return Some(());
            }
        }
        *self.shape.get_mut(self.axes)? = extent;
        self.strides[self.axes] = stride;
        self.axes += 1;
        Some(())
    }

    fn is_inside(&self) -> bool {
        if self.shape.contains(&0) {
            return true;
        }
        let (mut low, mut high) = (self.start as i128, self.start as i128);
        for (&extent, &stride) in self.shape.iter().zip(&self.strides) {
            let reach = stride as i128 * (extent as i128 - 1);
            low += reach.min(0);
            high += reach.max(0);
        }
        low >= 0 && high < self.data.len() as i128
    }

    /// Write rows `first..` of the flattened view (last axis fastest) to `rows`.
    fn read(&self, first: usize, rows: &mut [f64], convert: impl Fn(T) -> f64) {
        let last = self.axes.saturating_sub(1);
        let (extent, stride) = (self.shape[last], self.strides[last]);
        let mut done = 0;
        while done < rows.len() {
            let (mut at, mut offset) = (first + done, self.start.cast_signed());
            let column = at % extent;
            for axis in (0..=last).rev() {
                offset += (at % self.shape[axis]).cast_signed() * self.strides[axis];
                at /= self.shape[axis];
            }
            let run = (extent - column).min(rows.len() - done);
            for row in &mut rows[done..done + run] {
                *row = convert(self.data[offset.cast_unsigned()]);
                offset += stride;
            }
            done += run;
        }
    }
}

impl<'a> Column<'a> {
    /// Return the column of these rows; a single one is the same number in every row.
    #[must_use]
    #[inline]
    pub const fn of(rows: &'a [f64]) -> Self {
        match rows {
            [x] => Self::Constant(*x),
            rows => Self::Contiguous(rows),
        }
    }

    /// Return the memory that this column reads.
    #[must_use]
    pub const fn memory(&self) -> Option<Range<*const u8>> {
        match self {
            Self::Constant(_) => None,
            Self::Contiguous(data) => Some(bytes(data)),
            Self::Strided(view) => Some(bytes(view.data)),
            Self::Single(view) => Some(bytes(view.data)),
            Self::Flag(view) => Some(bytes(view.data)),
        }
    }

    /// Write rows `first..first + rows.len()` to `rows`.
    pub fn read(&self, first: usize, rows: &mut [f64]) {
        match self {
            Self::Constant(x) => rows.fill(*x),
            Self::Contiguous(data) => rows.copy_from_slice(&data[first..first + rows.len()]),
            Self::Strided(view) => view.read(first, rows, |x| x),
            Self::Single(view) => view.read(first, rows, f64::from),
            Self::Flag(view) => view.read(first, rows, |x| f64::from(u8::from(x != 0))),
        }
    }

    /// Return row `at`.
    #[must_use]
    pub fn get(&self, at: usize) -> f64 {
        let mut row = [0.0];
        self.read(at, &mut row);
        row[0]
    }

    /// Return `len` rows from `first`, staged in `buffer` unless they already lie in memory.
    ///
    /// The result is `padded` long; rows after `len` repeat the last one. Rows of a constant are
    /// expected in `buffer` already.
    #[inline(always)]
    pub fn rows<'b>(
        &self,
        first: usize,
        len: usize,
        padded: usize,
        buffer: &'b mut [f64],
    ) -> &'b [f64]
    where
        'a: 'b,
    {
        match self {
            Self::Constant(_) => &buffer[..padded],
            Self::Contiguous(data) if len == padded => &data[first..first + len],
            _ => {
                let (rows, padding) = buffer[..padded].split_at_mut(len);
                self.read(first, rows);
                padding.fill(rows[len - 1]);
                &buffer[..padded]
            }
        }
    }
}

const fn bytes<T>(data: &[T]) -> Range<*const u8> {
    let Range { start, end } = data.as_ptr_range();
    start.cast()..end.cast()
}
