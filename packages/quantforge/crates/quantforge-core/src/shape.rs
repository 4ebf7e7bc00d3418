//! Shapes and memory layouts of array arguments: broadcasting, and how far a view reaches.

use crate::error::QuantForgeError;

/// Most axes of an array argument.
pub const MAX_NDIM: usize = 32;

/// A broadcast shape, at most [`MAX_NDIM`] axes.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    ndim: usize,
    extents: [usize; MAX_NDIM],
}

impl Default for Shape {
    /// Return the shape of a number.
    #[inline]
    fn default() -> Self {
        Self {
            ndim: 0,
            extents: [1; MAX_NDIM],
        }
    }
}

impl Shape {
    /// Become the shape that this one and all arrays broadcast to.
    ///
    /// # Errors
    /// If two extents of one axis differ and neither is 1, or if an array has too many axes.
    #[inline]
    pub fn broadcast<'a>(
        &mut self,
        arrays: impl Iterator<Item = &'a [usize]> + Clone,
    ) -> Result<(), QuantForgeError> {
        for own in arrays.clone() {
            if own.len() > MAX_NDIM {
                return Err(QuantForgeError::Axes { found: own.len() });
            }
            if own != self.extents() && !self.join(own) {
                let shapes = arrays.map(|own| format!("{own:?}")).collect::<Vec<_>>();
                let shapes = shapes.join(", ");
                return Err(QuantForgeError::Shapes { shapes });
            }
        }
        Ok(())
    }

    /// Take in one more array; returns whether it fits.
    fn join(&mut self, own: &[usize]) -> bool {
        self.widen(own.len());
        let extents = &mut self.extents[..self.ndim];
        let mut fits = true;
        for (extent, &theirs) in extents.iter_mut().rev().zip(own.iter().rev()) {
            fits &= *extent == theirs || *extent == 1 || theirs == 1;
            if *extent == 1 {
                *extent = theirs;
            }
        }
        fits
    }

    fn widen(&mut self, ndim: usize) {
        if ndim > self.ndim {
            let added = ndim - self.ndim;
            self.extents.copy_within(..self.ndim, added);
            self.extents[..added].fill(1);
            self.ndim = ndim;
        }
    }

    /// Return the extent of each axis.
    #[must_use]
    pub fn extents(&self) -> &[usize] {
        &self.extents[..self.ndim]
    }

    /// Return the number of elements.
    ///
    /// # Errors
    /// If it does not fit into memory.
    pub fn rows(&self) -> Result<usize, QuantForgeError> {
        let mut extents = self.extents().iter();
        extents
            .try_fold(1_usize, |rows, &extent| rows.checked_mul(extent))
            .ok_or(QuantForgeError::TooManyRows)
    }
}

/// Return how far before and after its first element an array reaches, in the unit of `strides`.
#[must_use]
pub fn reach(extents: &[usize], strides: &[isize]) -> (isize, isize) {
    let (mut low, mut high) = (0, 0);
    for (&extent, &stride) in extents.iter().zip(strides) {
        let last = stride * (extent.cast_signed() - 1).max(0);
        low += last.min(0);
        high += last.max(0);
    }
    (low, high)
}
