"""Tags: what a file says of itself to players: title, genre, who composed it, and the poster as its cover."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

COMPOSER = "PosterBeat"
_COVER = 600  # pixels of the longer side, more than any player's list shows


@dataclass(frozen=True)
class Tags:
    """What a file says of its piece.

    Attributes
    ----------
    title : such as "Music for a comedy"
    genre : such as "comedy"
    seed : int, with which it can be composed again
    """

    title: str
    genre: str
    seed: int

    @property
    def composer(self) -> str:
        """Who composed it, and with which seed."""
        return f"{COMPOSER}, seed {self.seed}"

    @property
    def as_metadata(self) -> dict[str, str]:
        """By the names that FFmpeg has for them; it writes those of each container (ID3v2, the atoms of MP4)."""
        # The comment is what film players show; of an MP3, FFmpeg writes it where few look, and the composer where all do.
        return {"title": self.title, "genre": self.genre.capitalize(), "artist": COMPOSER, "composer": self.composer,
                "comment": f"Composed by {self.composer}"}


def add_cover(container, poster: Image.Image):
    """Give an output container of PyAV, before anything is written to it, a stream for the cover; returns its one packet."""
    import av

    small = poster.convert("RGB")
    small.thumbnail((_COVER, _COVER))
    jpeg = BytesIO()
    small.save(jpeg, "JPEG", quality=88)
    stream = container.add_stream("mjpeg")
    stream.width, stream.height, stream.pix_fmt = *small.size, "yuvj420p"
    stream.disposition = av.stream.Disposition.attached_pic
    stream.metadata.update(title="Poster", comment="Cover (front)")  # ID3v2's name of this kind of picture
    packet = av.Packet(jpeg.getvalue())
    packet.stream, packet.pts, packet.dts = stream, 0, 0
    return packet


def tag_mp3(path: Path, tags: Tags, poster: Image.Image | None = None) -> None:
    """Write tags (ID3v2.3, which every player reads) and a cover into an MP3; the sound stays as it is, bit for bit.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    import av  # loads FFmpeg

    tagged = BytesIO()
    with (av.open(BytesIO(path.read_bytes())) as plain,
          av.open(tagged, "w", format="mp3", options={"id3v2_version": "3"}) as container):
        source = plain.streams.audio[0]
        sound = container.add_stream_from_template(source)
        container.metadata.update(tags.as_metadata)
        cover = add_cover(container, poster) if poster else None
        for packet in plain.demux(source):
            if packet.dts is not None:  # the last one is empty
                packet.stream = sound
                container.mux(packet)
        if cover:
            container.mux(cover)
    path.write_bytes(tagged.getvalue())
